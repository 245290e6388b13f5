import Foundation
import StrictJSON
import Synchronization
import TestSupport
import Testing

/// What a client was told stands, whatever becomes of the processes.
@Suite(.serialized) struct DurabilityTests {
    /// What clients know: acknowledged creations, and those whose answer was lost, by their keys.
    private struct Ledger: Sendable {
        var acknowledged: [(key: String, id: String, position: Int64, etag: String)] = []
        var unanswered: [String] = []
    }

    private static func body(_ key: String) -> JSONValue { ["name": .string(key), "emails": ["a@example.org"]] }

    /// Creates accounts on one connection until it breaks.
    private static func create(_ root: Client, into ledger: Shared<Mutex<Ledger>>) {
        while true {
            let key = Unique.name("d")
            do {
                let response = try root.call("POST", "/v1/accounts", body(key), headers: [("Idempotency-Key", key)])
                guard response.status == 201, let id = response["id"].stringValue else {
                    throw TestFailure("\(response.status)")
                }
                let etag = response.header("ETag") ?? ""
                ledger.value.withLock { $0.acknowledged.append((key, id, response.position ?? 0, etag)) }
            } catch {
                ledger.value.withLock { $0.unanswered.append(key) }
                return
            }
        }
    }

    private func check(_ ledger: Ledger, _ root: Client) throws {
        #expect(ledger.acknowledged.count > 20, "there was load")
        for it in ledger.acknowledged {
            let read = try root.call("GET", "/v1/accounts/\(it.id)")
            #expect(
                read.status == 200 && read.header("ETag") == it.etag && read["name"] == .string(it.key), "\(read.text)")
            let headers = [("Idempotency-Key", it.key)]
            let again = try root.call("POST", "/v1/accounts", Self.body(it.key), headers: headers)
            #expect(
                again.status == 201 && again.header("Idempotency-Replayed") == "true" && again.position == it.position)
        }
        for key in ledger.unanswered {
            let headers = [("Idempotency-Key", key)]
            let first = try root.call("POST", "/v1/accounts", Self.body(key), headers: headers)
            #expect(first.status == 201, "\(first.text)")
            let again = try root.call("POST", "/v1/accounts", Self.body(key), headers: headers)
            #expect(again["id"] == first["id"] && again.header("Idempotency-Replayed") == "true")
        }
        let events = try root.all("/v1/events", limit: 1000)
        #expect(events.map { $0["sequence"].stringValue } == (1...events.count).map { "\($0)" }, "no gap")
        #expect(Set(events.map { $0["commandid"].stringValue }).count == events.count, "nothing doubled")
        #expect(events.count == ledger.acknowledged.count + ledger.unanswered.count)
    }

    @Test func `a gateway that is killed under load loses nothing it acknowledged and doubles nothing`() throws {
        let deployment = try Deployment()
        let projector = try deployment.project()
        let ledger = Shared(Mutex(Ledger()))
        for _ in 0..<3 {
            let gateway = try deployment.serve()
            let before = ledger.value.withLock { $0.acknowledged.count }
            let clients = (0..<16).map { _ in BackgroundWork { Self.create(gateway.root, into: ledger) } }
            #expect(eventually { ledger.value.withLock { $0.acknowledged.count } > before + 40 })
            gateway.process.kill9()
            for client in clients { try client.wait() }
        }
        let gateway = try deployment.serve()
        try check(ledger.value.withLock { $0 }, gateway.root)
        #expect(projector.stop() == 0)
    }

    @Test func `up that is killed under load goes on with everything it acknowledged`() throws {
        let home = TemporaryDirectory()
        let ledger = Shared(Mutex(Ledger()))
        do {
            let service = try Service(home: home)
            let root = service.root
            let clients = (0..<8).map { _ in BackgroundWork { Self.create(root, into: ledger) } }
            #expect(eventually { ledger.value.withLock { $0.acknowledged.count } > 40 })
            service.process.kill9()
            for client in clients { try client.wait() }
        }
        let service = try Service(home: home)
        try check(ledger.value.withLock { $0 }, service.root)
        #expect(service.process.stop() == 0)
    }

    @Test func `an answer that was lost on the way is given again`() throws {
        let root = try Service.shared().root
        let person = try root.account()
        for number in 1...10 {
            let headers = [("Idempotency-Key", "n\(number)")]
            let body: JSONValue = ["version": .integer(Int64(number)), "data": "AAAA"]
            do {
                // Sent, and nobody waits for the answer.
                var writer = JSONWriter()
                try writer.value(body)
                let connection = try HTTPConnection(port: root.port)
                try connection.send(
                    "PUT", "\(person.path)/backup", root.fields(headers, hasBody: true), body: writer.bytes)
            }
            let again = try root.call("PUT", "\(person.path)/backup", body, headers: headers)
            #expect(again.status == 200 && again["version"].integerValue == Int64(number), "\(again.text)")
        }
        #expect(try person.version() == 11)
    }

    @Test func `two gateways on one log are one service`() throws {
        let deployment = try Deployment()
        let projector = try deployment.project()
        let gateways = [try deployment.serve(), try deployment.serve()]
        let person = try gateways[0].root.account()
        for number in 1...40 {
            let (writer, reader) = (gateways[number % 2].root, gateways[(number + 1) % 2].root)
            let value = JSONValue.string("\(number)")
            #expect(try writer.call("PATCH", person.path, ["profile": ["n": value]]).status == 200)
            #expect(try reader.call("GET", person.path)["profile"]["n"] == value)
        }
        let key = try person.keyClient()
        let other = Client(port: gateways[1].root.port, key: key.authorization.map { String($0.dropFirst(7)) })
        for client in [key, other] { #expect(try client.call("GET", "/v1/me").status == 200) }
        #expect(try gateways[0].root.call("POST", "\(person.path)/block").status == 200)
        expectProblem(try other.call("GET", "/v1/me"), 403, "account-blocked", "at once, on the other gateway")
        expectProblem(try other.call("PATCH", person.path, ["profile": ["a": "b"]]), 403, "account-blocked")
        #expect(try gateways[1].root.call("POST", "\(person.path)/unblock").status == 200)
        #expect(
            try eventually { try key.call("GET", "/v1/me").status == 200 }, "as soon as the other gateway hears of it")
        for number in 1...10 {
            let (one, two) = (gateways[number % 2].root, gateways[(number + 1) % 2].root)
            let key = [("Idempotency-Key", "other gateway \(number)")]
            // The other gateway knows the account, but not yet the command.
            _ = try two.call("PATCH", person.path, ["profile": ["k": .string("\(number)")]])
            let first = try one.call("PATCH", person.path, ["profile": ["k": "a"]], headers: key)
            #expect(first.status == 200)
            let other = try two.call("PATCH", person.path, ["profile": ["k": "b"]], headers: key)
            expectProblem(other, 422, "idempotency-key-reused")
            let again = try two.call("PATCH", person.path, ["profile": ["k": "a"]], headers: key)
            #expect(again.status == 200 && again.json == first.json && again.header("Idempotency-Replayed") == "true")
        }
        for number in 1...10 {
            let (one, two) = (gateways[number % 2].root, gateways[(number + 1) % 2].root)
            let password = JSONValue.string("password \(number)")
            let logIn: JSONValue = ["name": .string(person.name), "password": password]
            // The other gateway has looked at the account, as it is now.
            expectProblem(try two.with(nil).call("POST", "/v1/tokens", logIn), 403, "wrong-password")
            #expect(try one.call("PUT", "\(person.path)/password", ["new_password": password]).status == 204)
            #expect(try two.with(nil).call("POST", "/v1/tokens", logIn).status == 201)
            #expect(
                try two.call("POST", "\(person.path)/password/verify", ["password": password]).status == 204)
        }
        let tag = try #require(try gateways[0].root.call("GET", person.path).header("ETag"))
        let path = person.path
        let statuses = atOnce(20) { number in
            try gateways[number % 2].root.call(
                "PATCH", path, ["profile": ["x": .string("\(number)")]], headers: [("If-Match", tag)]
            ).status
        }.compactMap { try? $0.get() }
        #expect(statuses.filter { $0 == 200 }.count == 1 && statuses.filter { $0 == 412 }.count == 19)
        #expect(gateways.map { $0.process.stop() } == [0, 0])
        #expect(projector.stop() == 0)
    }
}
