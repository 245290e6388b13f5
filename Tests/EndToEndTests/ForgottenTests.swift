import Foundation
import StrictJSON
import Testing
import Transparency

/// After people of every door are erased: what proves the history still holds, and nothing in it tells of them.
@Suite struct ForgottenTests {
    @Test func `verification, proofs, replays and rebuilds hold after everybody was erased, and tell of nobody`() throws
    {
        let service = try Service()
        let root = service.root
        let stays = try root.account(["backup": ["data": .string(Base64.encode([UInt8](repeating: 66, count: 90_000)))]]
        )
        let everybody = try Everybody(service, word: "vergissmeinnicht")
        let files = TemporaryDirectory()
        try service.waitForProjections(upTo: try root.head())
        try expectSound(service)
        try expectRebuildEqual(service)
        let kept = "\(files.path)/checkpoint"
        try waitUntilSealed(service)
        #expect(try service.tool(["checkpoint", "save", kept]).status == 0)

        try everybody.erase()
        try waitUntilSealed(service)
        try expectSound(service, ["--checkpoint", kept])
        #expect(try service.tool(["checkpoint", "compare", kept]).status == 0)
        try expectProofs(service)
        try expectRebuildEqual(service)
        // A rotation too, and then nothing but the newest key.
        #expect(try service.tool(["keys", "rotate"]).status == 0)
        #expect(try service.tool(["keys", "retire", "1"]).status == 0)
        try expectSound(service, ["--checkpoint", kept])
        try expectRebuildEqual(service)

        let export = "\(files.path)/export.ndjson"
        let exported = try service.tool(["replay", "--export", export])
        #expect(exported.status == 0, "\(exported.errors)")
        let checked = try service.tool(
            ["replay", "--from-file", export, "--checkpoint", kept, "--verifier-key", key(service, files)])
        #expect(checked.status == 0, "\(checked.errors)")
        let feed = try root.call("GET", "/v1/events", headers: [("Accept", "application/x-ndjson")])
        let replayed = try service.tool(["replay", "--json"])
        #expect(feed.text.contains("account.erased.v1") && feed.text.contains("space.ended.v1"))
        for (text, place) in [
            (try service.dump(), "a dump"), (try String(contentsOfFile: export, encoding: .utf8), "an export"),
            (feed.text, "the feed"), (replayed.output, "a replay"), (checked.output, "a replay of the export"),
            (service.serverLog(), "the server's log"), (service.process.errors, "the log"),
        ] {
            let isClean = everybody.traces.allSatisfy { !text.lowercased().contains($0.lowercased()) }
            #expect(isClean && !text.isEmpty, "somebody stands in \(place)")
        }
        try expectGone(everybody, head: try root.head())
        #expect(try root.call("GET", "\(stays.path)/backup").status == 200)
    }

    private func key(_ service: Service, _ files: TemporaryDirectory) throws -> String {
        files.write("log.key", try service.root.call("GET", "/log/verifier-key").text)
    }

    private func expectSound(_ service: Service, _ options: [String] = []) throws {
        let verified = try service.tool(["verify"] + options)
        #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
        #expect(!verified.output.contains("left out"), "\(verified.output)")
    }

    /// Every read model anew: the same rows, and nothing in the outbox that was not there.
    private func expectRebuildEqual(_ service: Service) throws {
        // What was noted, not how far the sender is with it; and first all that there is to note.
        let outbox = "SELECT coalesce(string_agg(position || kind, ',' ORDER BY position, kind), '') FROM ledger.outbox"
        let isNoted = "SELECT position >= (SELECT max(position) FROM ledger.events) FROM ledger.outbox_lanes"
        #expect(try eventually { try service.sql(isNoted).hasPrefix("t") })
        let (rows, mails) = (try service.openedRows(), try service.sql(outbox))
        let rebuilt = try service.tool(["rebuild", "--all"])
        #expect(rebuilt.status == 0, "\(rebuilt.output) \(rebuilt.errors)")
        let after = try service.openedRows()
        #expect(!rows.rows.isEmpty)
        let difference = rows.difference(from: after)
        #expect(difference.isEmpty, "\(difference)")
        #expect(rows.rows.count == after.rows.count)
        #expect(try service.sql(outbox) == mails)
    }

    private func waitUntilSealed(_ service: Service) throws {
        let head = try service.root.head()
        #expect(
            try eventually {
                (try service.root.call("GET", "/v1/head")["checkpoint"]["size"].integerValue ?? 0) >= head
            })
    }

    /// The proof of every event, checked with the log's public key; and a stranger who reads every entry.
    private func expectProofs(_ service: Service) throws {
        let root = service.root
        let text = try root.call("GET", "/log/verifier-key").text.trimmingCharacters(in: .whitespacesAndNewlines)
        let own = try VerifierKey(text)
        for position in stride(from: 1, through: try root.head(), by: 1) {
            let path = "/v1/events/\(position)/proof"
            let answer = try root.call("GET", path, headers: [("Accept", "text/plain")])
            let leaf = try root.call("GET", path)["leaf_hash"].stringValue ?? ""
            let proof = try TlogProof(answer.text)
            #expect(proof.index == position - 1)
            _ = try proof.verify(leaf: try #require(TreeHash(base64: leaf)), with: [own])
        }
        let files = TemporaryDirectory()
        let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("examples/verify_log.py").path
        let shell = try Shell(
            """
            exec python3 '\(program)' http://127.0.0.1:\(service.port)/log --key '\(key(service, files))' \
                --state '\(files.path)/state' --credential '\(service.home.path)/home/keys/root.key'
            """)
        #expect(shell.status == 0 && shell.output.contains("entries read"), "\(shell.output) \(shell.errors)")
    }

    /// No answer for any moment tells anything.
    private func expectGone(_ everybody: Everybody, head: Int64) throws {
        let root = everybody.service.root
        for path in everybody.accounts {
            for part in ["", "/events", "/backup", "/devices", "/keys", "/export"] {
                expectProblem(try root.call("GET", "\(path)\(part)"), 410, "account-erased", "\(part)")
                for position in stride(from: 1, through: head, by: 7) {
                    expectProblem(try root.call("GET", "\(path)\(part)?at=\(position)"), 410, "account-erased")
                }
            }
        }
        for path in everybody.identities { expectProblem(try root.call("GET", path), 410, "account-erased") }
        for target in ["/v1/accounts", "/v1/identities", "/v1/spaces", "/v1/events"] {
            let all = try root.all(target, limit: 100)
            var writer = JSONWriter()
            try writer.value(.array(all))
            let text = String(decoding: writer.bytes, as: UTF8.self).lowercased()
            let isClean = everybody.traces.allSatisfy { !text.contains($0.lowercased()) }
            #expect(isClean, "somebody stands in \(target)")
        }
    }
}
