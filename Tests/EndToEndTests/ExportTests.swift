import Foundation
import StrictJSON
import Testing

/// Exports of the log, what reads them, and new databases made of them.
@Suite struct ExportTests {
    private static let passphrase = "a passphrase of the test"
    private static let mark = "kanarienvogel"

    /// A service with a bit of everything, its export and its keys.
    struct Exported: Sendable {
        /// The one of all tests that leave it as it is.
        static func shared() throws -> Exported { try only.get() }

        private static let only = Result { try Exported() }

        let service: Service
        let files: TemporaryDirectory
        let person: Person
        let erased: Person
        let idempotent: (name: String, id: String)

        var export: String { "\(files.path)/export.ndjson" }
        var keys: String { "\(files.path)/keys" }

        init() throws {
            service = try Service()
            // Gone with the service, for what tests share is never released.
            files = TemporaryDirectory(in: service.home.path)
            let root = service.root
            let mark = ExportTests.mark
            let space = Unique.domain()
            #expect(
                try root.call(
                    "POST", "/v1/spaces",
                    [
                        "name": .string(Unique.name()), "domain": .string(space), "host": .string(space),
                        "max_accounts": 5,
                    ]
                ).status == 201)
            person = try root.account([
                "emails": [.string("\(mark)@example.org")], "password": .string("\(mark) password"),
                "profile": ["note": .string(mark)], "space": .string(space),
            ])
            for version in 1...2 {
                // Large enough to be blobs.
                let data = Array(mark.utf8) + [UInt8](repeating: UInt8(version), count: 50_000 + 5_000 * version)
                let put: JSONValue = ["version": .integer(Int64(version)), "data": .string(Base64.encode(data))]
                #expect(try root.call("PUT", "\(person.path)/backup", put).status == 200)
            }
            #expect(
                try root.call("POST", "\(person.path)/devices", ["id": .string(mark), "name": .string(mark)]).status
                    < 300)
            let name = Unique.name()
            let made = try root.call(
                "POST", "/v1/accounts", ["name": .string(name)], headers: [("Idempotency-Key", name)])
            idempotent = (name, made["id"].stringValue ?? "")
            erased = try root.account(["emails": [.string("\(mark).erased@example.org")]])
            let big: JSONValue = ["version": 1, "data": .string(Base64.encode([UInt8](repeating: 1, count: 50_000)))]
            #expect(try root.call("PUT", "\(erased.path)/backup", big).status == 200)
            #expect(try root.call("DELETE", erased.path).status < 300)
            // The purge of its boxes goes on in the background, and would make two exports differ.
            let stream = "/v1/events?stream=\(erased.id)"
            let isPurged = try eventually { try root.call("GET", stream).items.allSatisfy { $0["secret"] == .null } }
            #expect(isPurged)
            try exportAll()
        }

        func exportAll() throws {
            let status = try tool(["replay", "--export", export])
            guard status.code == 0 else { throw TestFailure("no export: \(status.errors)") }
            let sealed = try tool(["keys", "export", "--to", keys])
            guard sealed.code == 0 else { throw TestFailure("no keys: \(sealed.errors)") }
        }

        /// Runs a tool beside the service.
        func tool(_ arguments: [String]) throws -> Ended { try ExportTests.tool(arguments, home: service.home) }
    }

    struct Ended {
        let code: Int32
        let output: String
        let errors: String
    }

    static func tool(_ arguments: [String], home: TemporaryDirectory, _ settings: [String: String] = [:]) throws
        -> Ended
    {
        let place = TemporaryDirectory()
        let process = try ServiceProcess(
            arguments,
            environment: ["LEDGER_HOME": "\(home.path)/home", "LEDGER_KEYS_PASSPHRASE": passphrase]
                .merging(settings) { $1 },
            directory: place.path)
        guard let status = process.waitForEnd() else { throw TestFailure("a tool did not end") }
        return Ended(code: status, output: process.output, errors: process.errors)
    }

    private static func bytes(_ path: String) -> [UInt8] {
        FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
    }

    @Test func `an export restored in a new home is the same log, and exports the same`() throws {
        let old = try Exported.shared()
        let root = old.service.root
        let before = try root.call("GET", old.person.path)
        let history = try root.call("GET", "\(old.person.path)/events?limit=100")
        let backup = try root.call("GET", "\(old.person.path)/backup")
        let head = try root.head()
        #expect(before.status == 200 && backup.status == 200 && !history.items.isEmpty)

        let checked = try old.tool(["replay", "--from-file", old.export, "--json"])
        #expect(checked.code == 0, "\(checked.errors)")
        let events = checked.output.split(separator: "\n")
        #expect(Int64(events.count) == head)
        let stream = try old.tool(["replay", "--from-file", old.export, "--json", "--stream", old.person.id])
        #expect(stream.output.split(separator: "\n").count == history.items.count)

        let home = TemporaryDirectory()
        let restored = try Self.tool(["restore", old.export, "--keys", old.keys], home: home)
        #expect(restored.code == 0, "\(restored.errors)")

        let new = try Service(home: home)
        #expect(try new.root.head() == head)
        #expect(try new.root.call("GET", old.person.path).json == before.json)
        #expect(try new.root.call("GET", "\(old.person.path)/events?limit=100").items == history.items)
        #expect(try new.root.call("GET", "\(old.person.path)/backup").json == backup.json)
        #expect(try new.root.call("GET", "\(old.person.path)/backup/versions/1").status == 200)
        expectProblem(try new.root.call("GET", old.erased.path), 410, "account-erased")
        // The erased one's name stays taken, a repeat is known, and the password is the same.
        #expect(try new.root.call("POST", "/v1/accounts", ["name": .string(old.erased.name)]).status == 409)
        let again = try new.root.call(
            "POST", "/v1/accounts", ["name": .string(old.idempotent.name)],
            headers: [("Idempotency-Key", old.idempotent.name)])
        #expect(again["id"].stringValue == old.idempotent.id, "\(again.text)")
        #expect(try new.root.head() == head, "nothing was appended")
        let login = try new.root.with(nil).call(
            "POST", "/v1/tokens",
            ["name": .string(old.person.name), "password": .string("\(Self.mark) password")])
        #expect(login.status < 300, "\(login.text)")

        let second = "\(old.files.path)/again.ndjson"
        let exported = try Self.tool(["replay", "--export", second], home: home)
        #expect(exported.code == 0, "\(exported.errors)")
        // Compared apart: the message would hold both files.
        let isSame = Self.bytes(second) == Self.bytes(old.export)
        #expect(isSame)
    }

    @Test func `the checkpoint that closes an export is checked against the log's key and against older ones`() throws {
        let old = try Exported.shared()
        let own = try Self.key(old.service)
        let saved = "\(old.service.home.path)/home/checkpoint/checkpoint"
        let signed = try old.tool(["replay", "--from-file", old.export, "--quiet", "--verifier-key", own])
        #expect(signed.code == 0 && signed.errors.contains("signed by localhost/log"), "\(signed.errors)")
        let fits = try old.tool(["replay", "--from-file", old.export, "--quiet", "--checkpoint", saved])
        #expect(fits.code == 0, "\(fits.errors)")

        let other = try Service()
        _ = try other.root.account()
        let foreign = try Self.key(other)
        let unsigned = try old.tool(["replay", "--from-file", old.export, "--quiet", "--verifier-key", foreign])
        #expect(unsigned.code == 1 && unsigned.errors.contains("not signed with the key"), "\(unsigned.errors)")
        let saves = "\(other.home.path)/home/checkpoint/checkpoint"
        #expect(eventually { FileManager.default.fileExists(atPath: saves) })
        let diverged = try old.tool(["replay", "--from-file", old.export, "--quiet", "--checkpoint", saves])
        #expect(diverged.code == 1 && diverged.errors.contains("not the one of the checkpoint"), "\(diverged.errors)")
    }

    /// The log's public key, as `up` greets with it.
    private static func key(_ service: Service) throws -> String {
        let text = service.process.output
        let range = try #require(text.range(of: "log's key"))
        return text[range.upperBound...].split(separator: "\n").first?.trimmingCharacters(in: .whitespaces) ?? ""
    }

    @Test func `nothing that a person typed can be read in an export, nor in the file of keys`() throws {
        let old = try Exported.shared()
        let root = try String(contentsOfFile: "\(old.service.home.path)/home/keys/master.key", encoding: .utf8)
        for file in [old.export, old.keys] {
            let text = String(decoding: Self.bytes(file), as: UTF8.self)
            #expect(text.count > 200)
            for word in [Self.mark, String(Base64.encode(Array(Self.mark.utf8)).prefix(16)), String(root.prefix(40))] {
                #expect(!text.contains(word), "\(file) holds \(word)")
            }
        }
    }

    @Test func `an export goes on behind the last whole event that the file holds`() throws {
        let old = try Exported()
        let whole = Self.bytes(old.export)
        let cut = "\(old.files.path)/cut.ndjson"
        // In the middle of a line, in the middle of a blob, behind the first line, within what closes the file.
        for length in [whole.count / 3, whole.count / 2, 40, 400, whole.count - 700, whole.count] {
            _ = old.files.write("cut.ndjson", Array(whole.prefix(length)))
            let ended = try old.tool(["replay", "--export", cut])
            #expect(ended.code == 0, "\(length): \(ended.errors)")
            let isWhole = Self.bytes(cut) == whole
            #expect(isWhole, "cut at \(length)")
        }
        // It grows with the log.
        _ = try old.service.root.account()
        #expect(try old.tool(["replay", "--export", cut]).code == 0)
        #expect(Self.bytes(cut) != whole)
        let checked = try old.tool(["replay", "--from-file", cut, "--quiet"])
        #expect(checked.code == 0 && checked.output.isEmpty, "\(checked.errors)")
        // What is no export is left alone.
        let foreign = old.files.write("foreign", "a diary\n")
        #expect(try old.tool(["replay", "--export", foreign]).code == 1)
        #expect(Self.bytes(foreign) == Array("a diary\n".utf8))
    }

    @Test func `whatever is wrong with an export is found and named by its line, and nothing is made of it`() throws {
        let old = try Exported.shared()
        let lines = String(decoding: Self.bytes(old.export), as: UTF8.self).split(separator: "\n").map { String($0) }
        let blob = try #require(lines.firstIndex { $0.contains("ledger.blob.v1") })
        let key = try #require(lines.firstIndex { $0.contains("ledger.key.v1") && $0.contains("wrapped") })
        let reservation = try #require(lines.firstIndex { $0.contains("ledger.reservation.v1") })
        func without(_ index: Int) -> [String] { lines.enumerated().filter { $0.offset != index }.map(\.element) }
        func with(_ index: Int, _ change: (String) -> String) -> [String] {
            var changed = lines
            changed[index] = change(lines[index])
            return changed
        }
        func swapped(_ one: Int, _ two: Int) -> [String] {
            var changed = lines
            changed.swapAt(one, two)
            return changed
        }
        /// Another letter or digit in the middle of a member's text.
        func bent(_ line: String, _ member: String) -> String {
            guard let range = line.range(of: "\"\(member)\":\"") else { return line + "?" }
            let place = line.index(range.upperBound, offsetBy: 5)
            return line[..<place] + (line[place] == "a" ? "b" : "a") + line[line.index(after: place)...]
        }
        let damaged: [(String, [String], Int)] = [
            ("a box", with(1) { bent($0, "secret") }, 2), ("a leaf hash", with(1) { bent($0, "leafhash") }, 2),
            ("a command", with(2) { bent($0, "commandid") }, 3),
            ("meta", with(1) { $0.replacing("native", with: "jami") }, 2),
            ("data", with(1) { $0.replacing("\"super\":false", with: "\"super\":true") }, 2),
            ("a time", with(2) { bent($0, "time") }, 3), ("no event", without(2), 3), ("no beginning", without(0), 1),
            ("two events", swapped(1, 2), 2), ("a blob", with(blob) { bent($0, "data_base64") }, blob + 1),
            ("a key", with(key) { bent($0, "wrapped") }, key + 1), ("no key", without(key), key + 1),
            ("two keys", swapped(key, key + 1), key + 1),
            ("a reservation", with(reservation) { bent($0, "key_hash") }, reservation + 1),
            ("no reservation", without(reservation), reservation + 1),
            ("no end", without(lines.count - 1), lines.count),
            ("something behind", lines + [lines[1]], lines.count + 1), ("no line", with(3) { _ in "" }, 4),
            ("foreign text", with(3) { _ in "{}" }, 4), ("garbage", with(3) { _ in "\u{1}" }, 4),
        ]
        let home = TemporaryDirectory()
        for (what, changed, line) in damaged {
            let file = old.files.write("damaged", changed.joined(separator: "\n") + "\n")
            let checked = try old.tool(["replay", "--from-file", file, "--quiet"])
            #expect(
                checked.code == 1 && checked.errors.contains("line \(line): "),
                "\(what), line \(line): \(checked.code) \(checked.errors)")
        }
        // No blob: it is the event behind it that lacks something.
        let file = old.files.write("damaged", without(blob).joined(separator: "\n") + "\n")
        #expect(try old.tool(["replay", "--from-file", file, "--quiet"]).errors.contains("line \(blob + 1): "))
        let cut = old.files.write("damaged", Array(Self.bytes(old.export).dropLast(300)))
        let restored = try Self.tool(["restore", cut, "--keys", old.keys], home: home)
        #expect(restored.code == 1 && restored.errors.contains("line \(lines.count): "), "\(restored.errors)")
        #expect(!FileManager.default.fileExists(atPath: "\(home.path)/home"))
    }

    @Test func `a wrong passphrase, foreign keys or a database in use make nothing`() throws {
        let old = try Exported.shared()
        let home = TemporaryDirectory()
        let wrong = try Self.tool(
            ["restore", old.export, "--keys", old.keys], home: home, ["LEDGER_KEYS_PASSPHRASE": "another passphrase"])
        #expect(wrong.code == 78 && wrong.errors.contains("passphrase"), "\(wrong.errors)")
        let other = try Service()
        let foreign = "\(old.files.path)/foreign.keys"
        #expect(try Self.tool(["keys", "export", "--to", foreign], home: other.home).code == 0)
        let refused = try Self.tool(["restore", old.export, "--keys", foreign], home: home)
        #expect(refused.code == 78 && refused.errors.contains("master key"), "\(refused.errors)")
        _ = other.process.stop()
        let used = try Self.tool(["restore", old.export, "--keys", old.keys], home: other.home)
        #expect(used.code == 78, "\(used.errors)")
        // The home that two of them tried takes the right ones.
        let right = try Self.tool(["restore", old.export, "--keys", old.keys], home: home)
        #expect(right.code == 0, "\(right.errors)")
    }

    @Test func `only root exports, and from no position beyond the head`() throws {
        let root = try Service.shared().root
        let person = try root.account()
        expectProblem(try person.client().call("GET", "/v1/export"), 403, "forbidden")
        expectProblem(try root.with(nil).call("GET", "/v1/export"), 401, "unauthorized")
        expectProblem(try root.call("GET", "/v1/export?after=999999999"), 400, "malformed-request")
        expectProblem(try root.call("GET", "/v1/export?after=-1"), 400, "malformed-request")
        expectProblem(try root.call("GET", "/v1/export?stream=\(person.id)"), 400, "malformed-request")
    }
}
