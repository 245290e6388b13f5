import Foundation
import StrictJSON
import Testing

/// The transparency log over the wire: `/log`, proofs, and a verifier that knows nothing but the specifications.
@Suite struct AuditTests {
    let root: Client
    let anybody: Client
    let service: Service

    init() throws {
        service = try Service.shared()
        root = service.root
        anybody = root.with(nil)
    }

    /// The newest checkpoint, once it covers a position.
    private func sealed(_ position: Int64, _ client: Client? = nil) throws -> Response {
        var answer: Response?
        let isSealed = try eventually {
            let response = try (client ?? anybody).call("GET", "/log/checkpoint")
            answer = response
            return response.status == 200 && Self.size(response) >= position
        }
        guard isSealed, let answer else {
            throw TestFailure("not sealed: \(answer?.status ?? 0) \(answer?.text ?? "")")
        }
        return answer
    }

    private static func size(_ checkpoint: Response) -> Int64 {
        let lines = checkpoint.text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count > 2 ? Int64(lines[1]) ?? 0 : 0
    }

    @Test func `checkpoint, tiles and entries come as the specification says`() throws {
        _ = try root.account()
        let checkpoint = try sealed(try root.head())
        #expect(checkpoint.header("Content-Type") == "text/plain; charset=utf-8")
        #expect(checkpoint.header("Cache-Control") == "public, max-age=1")
        let size = Self.size(checkpoint)
        let (index, width) = ((size - 1) / 256, (size - 1) % 256 + 1)
        #expect(index < 1000)
        let place =
            String(repeating: "0", count: 3 - "\(index)".count) + "\(index)" + (width < 256 ? ".p/\(width)" : "")
        let tile = try anybody.call("GET", "/log/tile/0/\(place)")
        #expect(tile.status == 200 && tile.body.count == Int(width) * 32)
        #expect(tile.header("Content-Type") == "application/octet-stream")
        #expect(tile.header("Cache-Control") == "public, max-age=31536000, immutable")
        let first = try anybody.call("GET", "/log/tile/0/000\(index == 0 ? ".p/1" : "")")
        #expect(first.status == 200)
        let entries = try root.call("GET", "/log/tile/entries/\(place)")
        #expect(entries.status == 200 && entries.body.count > Int(width) * 100)
        #expect(entries.header("Cache-Control") == "private, max-age=31536000, immutable")
        #expect(try anybody.call("HEAD", "/log/tile/0/\(place)").header("Content-Length") == "\(width * 32)")
        let key = try anybody.call("GET", "/log/verifier-key")
        #expect(key.status == 200 && key.text.hasPrefix("localhost/log+") && key.text.hasSuffix("\n"))
    }

    @Test func `entries are root's`() throws {
        _ = try sealed(1)
        let path = "/log/tile/entries/000.p/1"
        let stranger = try anybody.call("GET", path)
        expectProblem(stranger, 401, "unauthorized")
        #expect(stranger.header("WWW-Authenticate") != nil)
        expectProblem(try root.with("x.y:z").call("GET", path), 401, "unauthorized")
        expectProblem(try root.account().client().call("GET", path), 403, "forbidden")
        let blocked = try root.account()
        let client = try blocked.client()
        _ = try root.call("POST", "\(blocked.path)/block")
        expectProblem(try client.call("GET", path), 403, "account-blocked")
        #expect(try root.call("GET", path).status == 200)
    }

    @Test(arguments: [
        "/log", "/log/", "/log/tile", "/log/tile/", "/log/tile/0", "/log/tile/0/", "/log/tile/0/0", "/log/tile/0/00",
        "/log/tile/00/000.p/1", "/log/tile/0/000.p/0", "/log/tile/0/000.p/01", "/log/tile/0/000.p/256",
        "/log/tile/0/000.p/257", "/log/tile/0/000.p", "/log/tile/0/000.p/", "/log/tile/0/000.p/1/",
        "/log/tile/0/000.p/x",
        "/log/tile/0/x000/000.p/1", "/log/tile/0/001/000.p/1", "/log/tile/0/999", "/log/tile/0/x999/999",
        "/log/tile/0/x999/x999/x999/x999/x999/x999/999", "/log/tile/64/000.p/1", "/log/tile/63/000.p/1",
        "/log/tile/7/000.p/1", "/log/tile/-1/000.p/1", "/log/tile/0/-01.p/1", "/log/tile/0/+00.p/1",
        "/log/tile/0/%30%30%30.p/1", "/log/tile/%30/000.p/1", "/log/tile/0/000.P/1", "/log/tile/0/000.p/255/000",
        "/log/tile/Entries/000.p/1", "/log/tile/entries", "/log/tile/entries/", "/log/tile/entries/999",
        "/log/tile/data/000.p/1", "/log/tile//000.p/1", "/log/checkpoint/", "/log/nothing",
        "/log/tile/0/\(String(repeating: "x000/", count: 40))000",
    ])
    func `an address that is none is not found`(path: String) throws {
        _ = try sealed(1)
        expectProblem(try root.call("GET", path), 404, "not-found", "\(path)")
    }

    @Test func `what the routes do not know is refused`() throws {
        _ = try sealed(1)
        for path in ["/log/checkpoint", "/log/verifier-key", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1"] {
            expectProblem(try root.call("GET", "\(path)?a=1"), 400, "malformed-request")
            expectProblem(try root.call("POST", path, bytes: Array("{}".utf8)), 405, "method-not-allowed")
            expectProblem(try root.call("DELETE", path), 405, "method-not-allowed")
        }
        expectProblem(try root.call("GET", "/log/tile/0/%00"), 400, "malformed-request")
    }

    @Test func `the head tells its checkpoint`() throws {
        let person = try root.account()
        let position = try root.head()
        let note = try sealed(position)
        let head = try root.call("GET", "/v1/head")
        #expect(head["checkpoint"]["size"].integerValue ?? 0 >= Self.size(note))
        #expect(head["checkpoint"]["size"].integerValue ?? .max <= head["position"].integerValue ?? 0)
        let lines = (head["checkpoint"]["note"].stringValue ?? "").split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines.count == 6 && lines[0] == "localhost/log" && head["checkpoint"]["root"].stringValue == "\(lines[2])")
        #expect(try person.client().call("GET", "/v1/head")["checkpoint"] != .null)
    }

    @Test func `proofs are for those who may see the event`() throws {
        let person = try root.account()
        let position = try root.head()
        _ = try sealed(position)
        let path = "/v1/events/\(position)/proof"
        let proof = try root.call("GET", path)
        #expect(proof.status == 200 && proof["leaf_index"].integerValue == position - 1)
        #expect(proof["hashes"].arrayValue?.isEmpty == false && proof["checkpoint"].stringValue != nil)
        let hex = try root.call("GET", "/v1/events/\(position)")["leafhash"].stringValue
        #expect(proof["leaf_hash"].stringValue.flatMap { Base64.decode($0) }.map { Hex.encode($0) } == hex)
        #expect(try person.client().call("GET", path).status == 200)
        expectProblem(try root.account().client().call("GET", path), 404, "not-found")
        expectProblem(try anybody.call("GET", path), 401, "unauthorized")
        for bad in ["0", "-1", "x", "01", "99999999", "1e3", "9223372036854775808"] {
            expectProblem(try root.call("GET", "/v1/events/\(bad)/proof"), 404, "not-found", "\(bad)")
        }
        for bad in [
            "size=0", "size=-1", "size=x", "size=", "size=99999999", "size=9223372036854775808", "size=1&size=2", "n=1",
        ] {
            expectProblem(try root.call("GET", "\(path)?\(bad)"), 400, "malformed-request", "\(bad)")
        }
        expectProblem(try root.call("GET", "\(path)?size=\(position - 1)"), 400, "malformed-request")
        expectProblem(try root.call("POST", path, bytes: Array("{}".utf8)), 405, "method-not-allowed")
        #expect(try root.call("GET", "\(path)?size=\(position)")["tree_size"].integerValue == position)
    }

    @Test func `a proof is there as soon as its event is, and its consistency`() throws {
        for _ in 0..<5 {
            _ = try root.account()
            let position = try root.head()
            let proof = try root.call("GET", "/v1/events/\(position)/proof")
            #expect(proof.status == 200 && proof["tree_size"].integerValue ?? 0 >= position, "\(proof.text)")
            _ = try root.account()
            let head = try root.head()
            #expect(try root.call("GET", "/v1/head/consistency?from=1&to=\(head)").status == 200)
            #expect(try root.call("GET", "/v1/events/1/proof?size=\(head)")["tree_size"].integerValue == head)
        }
    }

    @Test func `a proof comes as text for those who ask for it`() throws {
        _ = try root.account()
        let position = try root.head()
        let size = Self.size(try sealed(position))
        let path = "/v1/events/\(position)/proof?size=\(size)"
        let json = try root.call("GET", path)
        let text = try root.call("GET", path, headers: [("Accept", "text/plain")])
        #expect(text.status == 200 && text.header("Content-Type") == "text/plain; charset=utf-8")
        let hashes = json["hashes"].arrayValue?.compactMap(\.stringValue) ?? []
        let lines =
            ["c2sp.org/tlog-proof@v1", "index \(position - 1)"] + hashes + ["", json["checkpoint"].stringValue ?? ""]
        #expect(text.text == lines.joined(separator: "\n"))
        #expect(
            try root.call("GET", path, headers: [("Accept", "application/json, text/plain")])
                .header("Content-Type") == "application/json")
        // Between two checkpoints nothing was signed.
        let sizes = try (1...min(size, 20)).filter {
            try root.call("GET", "/v1/events/1/proof?size=\($0)")["checkpoint"] == .null
        }
        if let unsigned = sizes.first {
            expectProblem(
                try root.call("GET", "/v1/events/1/proof?size=\(unsigned)", headers: [("Accept", "text/plain")]), 409,
                "conflict")
        }
    }

    @Test func `consistency is proved between any two sizes`() throws {
        _ = try root.account()
        let size = Self.size(try sealed(try root.head()))
        let path = "/v1/head/consistency"
        let proof = try root.call("GET", "\(path)?from=1&to=\(size)")
        #expect(proof.status == 200 && proof["from"].integerValue == 1 && proof["to"].integerValue == size)
        #expect(proof["from_root"].stringValue != proof["to_root"].stringValue)
        #expect(try root.call("GET", "\(path)?from=0")["hashes"].arrayValue == [])
        #expect(try root.call("GET", "\(path)?from=\(size)&to=\(size)")["hashes"].arrayValue == [])
        #expect(try root.account().client().call("GET", "\(path)?from=1").status == 200)
        expectProblem(try anybody.call("GET", "\(path)?from=1"), 401, "unauthorized")
        for bad in [
            "", "?to=1", "?from=-1", "?from=x", "?from=2&to=1", "?from=1&to=99999999", "?from=99999999", "?from=1&a=1",
        ] {
            expectProblem(try root.call("GET", path + bad), 400, "malformed-request", "\(bad)")
        }
        expectProblem(try root.call("PUT", path, bytes: Array("{}".utf8)), 405, "method-not-allowed")
    }

    // MARK: A verifier of its own

    @Test(arguments: [true, false])
    func `a verifier written from the specifications follows a running log`(hasPackage: Bool) throws {
        let service = try Service()
        let log = try Follower(service, hasPackage: hasPackage)
        let people = try (0..<3).map { _ in try service.root.account() }
        _ = try sealed(try service.root.head(), service.root.with(nil))
        let first = try log.follow()
        #expect(first.status == 0 && first.output.contains(" new, root "), "\(first.errors)")
        // Past the border of a tile, and while it grows.
        let root = service.root
        let writer = atOnceInBackground {
            for number in 0..<300 {
                _ = try root.call("PATCH", people[number % 3].path, ["profile": ["n": .string("\(number)")]])
            }
        }
        #expect(try log.follow().status == 0)
        try writer.wait()
        _ = try sealed(try root.head(), root.with(nil))
        let last = try log.follow(["--credential", "\(service.home.path)/home/keys/root.key"])
        #expect(last.status == 0 && last.output.contains("entries read"), "\(last.errors)")
        // From the beginning, with every entry, as somebody does who never looked before.
        let whole = try log.follow(
            ["--credential", "\(service.home.path)/home/keys/root.key"], state: "\(log.directory.path)/other.json")
        #expect(whole.status == 0, "\(whole.errors)")
        // Another key, and a memory that is not of this log, are noticed.
        #expect(try log.follow(key: "localhost/log+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").status == 1)
        let state = try String(contentsOfFile: log.state, encoding: .utf8)
        try state.replacing("\"levels\": [[\"", with: "\"levels\": [[\"ff").write(
            toFile: log.state, atomically: false, encoding: .utf8)
        #expect(try log.follow().status != 0)
    }

    @Test func `a log goes on under its key after a restart, and under no other`() throws {
        let service = try Service()
        _ = try service.root.account()
        let before = try sealed(try service.root.head(), service.root)
        let kept = "\(service.home.path)/home/checkpoint/checkpoint"
        #expect(try eventually { try String(contentsOfFile: kept, encoding: .utf8) == before.text })
        #expect(service.process.stop() == 0)
        let again = try Service(home: service.home)
        #expect(try sealed(1, again.root).text == before.text)
        _ = try again.root.account()
        #expect(Self.size(try sealed(Self.size(before) + 1, again.root)) > Self.size(before))
        #expect(again.process.stop() == 0)
        // The last of them was sealed and kept before the end.
        let note = try String(contentsOfFile: kept, encoding: .utf8)
        #expect(note.hasPrefix("localhost/log\n"))
        let key = "\(service.home.path)/home/keys/signing.key"
        let own = try String(contentsOfFile: key, encoding: .utf8)
        #expect(own.hasPrefix("PRIVATE+KEY+localhost/log+"))
        try "\(Base64.encode([UInt8](repeating: 1, count: 32)))\n".write(
            toFile: key, atomically: false, encoding: .utf8)
        let refused = try ServiceProcess(
            ["up"], environment: Service.environment(service.home, [:]), directory: service.home.path)
        #expect(refused.waitForEnd() == 78 && refused.errors.contains("signing key"), "\(refused.errors)")
    }

    @Test func `the signing key is replaced as the documentation says, and readers have time to learn the new one`()
        throws
    {
        let home = TemporaryDirectory()
        let keys = "\(home.path)/home/keys"
        var service = try Service(home: home)
        let old = try Follower(service, hasPackage: true)
        _ = try service.root.account()
        _ = try sealed(1, service.root)
        #expect(try old.follow().status == 0)
        #expect(service.process.stop() == 0)
        let replaced = try Shell(
            """
            set -e
            cd '\(keys)'
            umask 077
            cat signing.key >> former-signing.keys
            openssl rand -base64 32 > signing.key.new
            mv signing.key.new signing.key
            """)
        #expect(replaced.status == 0, "\(replaced.errors)")
        service = try Service(home: home)
        let new = try Follower(service, hasPackage: false)
        _ = try service.root.account()
        let both = try sealed(try service.root.head(), service.root)
        #expect(both.text.split(separator: "\u{2014} localhost/log ").count == 3, "\(both.text)")
        #expect(try new.follow().status == 0)
        #expect(try old.with(service).follow().status == 0, "who knows the old key alone still follows")
        #expect(try service.tool(["verify"]).status == 0)
        #expect(service.process.stop() == 0)
        // The old key is over: its public half is kept, for what it signed.
        _ = home.write("home/keys/former-signing.keys", old.keyText)
        service = try Service(home: home)
        _ = try service.root.account()
        let alone = try sealed(try service.root.head(), service.root)
        #expect(alone.text.split(separator: "\u{2014} localhost/log ").count == 2, "\(alone.text)")
        #expect(try new.with(service).follow().status == 0)
        let left = try old.with(service).follow()
        #expect(left.status == 1 && left.errors.contains("not signed"), "\(left.errors)")
        let verified = try service.tool(["verify"])
        #expect(verified.status == 0, "\(verified.output)")
        let forgetful = try service.tool(
            ["verify", "--verifier-key", try service.root.call("GET", "/log/verifier-key").text.trimmed])
        #expect(forgetful.status == 1 && forgetful.output.contains("not signed by the log's key"), "\(forgetful)")
        #expect(service.process.stop() == 0)
        _ = home.write("home/keys/former-signing.keys", "nonsense\n")
        let refused = try ServiceProcess(
            ["up"], environment: Service.environment(home, [:]), directory: home.path)
        #expect(refused.waitForEnd() == 78 && refused.errors.contains("former-signing.keys"), "\(refused.errors)")
    }

    @Test func `gateways share the sealing, and one without the key leaves it to them`() throws {
        let deployment = try Deployment()
        let key = Base64.encode([UInt8](repeating: 5, count: 32))
        let without = try deployment.serve()
        #expect(without.process.errors.contains("does not seal"))
        expectProblem(try without.root.call("GET", "/log/checkpoint"), 404, "not-found")
        expectProblem(try without.root.call("GET", "/log/verifier-key"), 404, "not-found")
        #expect(try without.root.call("GET", "/v1/head")["checkpoint"] == .null)
        _ = try without.root.account()
        expectProblem(try without.root.call("GET", "/v1/events/1/proof"), 409, "conflict")
        let pair = try [0, 1].map { _ in try deployment.serve(["LEDGER_SIGNING_KEY": key]) }
        for number in 0..<20 { _ = try pair[number % 2].root.account() }
        let head = try pair[0].root.head()
        let note = try sealed(head, pair[1].root)
        #expect(try sealed(head, without.root).text == note.text)
        #expect(try pair.allSatisfy { try $0.root.call("GET", "/health/ready")["alarms"] == [] })
        let other = try deployment.start(
            ["serve"], ["LEDGER_SIGNING_KEY": Base64.encode([UInt8](repeating: 6, count: 32))])
        #expect(other.waitForEnd() == 78 && other.errors.contains("LEDGER_SIGNING_KEY"), "\(other.errors)")
        let foreign = try deployment.start(
            ["serve"],
            ["LEDGER_SIGNING_KEY": "PRIVATE+KEY+example.com/foo+530d903a+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"])
        #expect(foreign.waitForEnd() == 78)
    }
}

/// Runs `examples/verify_log.py` against a service.
private struct Follower {
    var directory = TemporaryDirectory()
    let service: Service
    /// Whether Python finds its packages; without them the program's own Ed25519 is used.
    let hasPackage: Bool
    var state: String { "\(directory.path)/state.json" }
    private let key: String
    let keyText: String

    init(_ service: Service, hasPackage: Bool) throws {
        self.service = service
        self.hasPackage = hasPackage
        keyText = try service.root.call("GET", "/log/verifier-key").text
        key = directory.write("log.key", keyText)
    }

    private init(_ follower: Follower, _ service: Service) {
        self.service = service
        directory = follower.directory
        (hasPackage, key, keyText) = (follower.hasPackage, follower.key, follower.keyText)
    }

    /// The same, of the service as it was started anew.
    func with(_ service: Service) -> Follower { Follower(self, service) }

    func follow(_ options: [String] = [], state: String? = nil, key: String? = nil) throws -> Shell {
        let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("examples/verify_log.py").path
        let arguments =
            [program, "http://127.0.0.1:\(service.port)/log", "--key", key ?? self.key, "--state", state ?? self.state]
            + options
        return try Shell(
            "exec python3 \(hasPackage ? "" : "-S") " + arguments.map { "'\($0)'" }.joined(separator: " "))
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
