import StrictJSON
import Synchronization
import Testing

@Suite struct RaceTests {
    @Test func `64 clients put backups on one account, and each version has one winner`() throws {
        let root = try Service.shared().root
        let person = try root.account()
        let path = "\(person.path)/backup"
        let won = Shared(Mutex<[Int64: [Int]]>([:]))
        let target: Int64 = 16
        let outcomes = atOnce(64) { number -> Int in
            let connection = try HTTPConnection(port: root.port)
            var version: Int64 = 1
            var refused = 0
            while version <= target {
                let data = Base64.encode(Array("client \(number)".utf8))
                try connection.send(
                    "PUT", path, root.fields([], hasBody: true),
                    body: Array("{\"version\":\(version),\"data\":\"\(data)\"}".utf8))
                let response = try connection.readResponse()
                if response.status == 200 {
                    let stored = version
                    won.value.withLock { $0[stored, default: []].append(number) }
                    version += 1
                } else {
                    guard response.status == 409, let expected = response["expected_version"].integerValue,
                        expected > version
                    else { throw TestFailure("\(response.status) \(response.text)") }
                    refused += 1
                    version = expected
                }
            }
            return refused
        }
        for outcome in outcomes { _ = try outcome.get() }
        let winners = won.value.withLock { $0 }
        #expect(Set(winners.keys) == Set(1...target) && winners.values.allSatisfy { $0.count == 1 })
        let stored = try root.all("\(path)/versions", limit: 1000)
        #expect(stored.map { $0["version"].integerValue } == (1...target).map { $0 })
        for (version, clients) in winners {
            let data = try root.call("GET", "\(path)/versions/\(version)")["data"].stringValue
            #expect(data == Base64.encode(Array("client \(clients[0])".utf8)))
        }
        #expect(try person.version() == target + 1)
    }

    @Test func `one of many who want a name gets it`() throws {
        let root = try Service.shared().root
        let name = JSONValue.string(Unique.name())
        let statuses = atOnce(32) { _ in try root.call("POST", "/v1/accounts", ["name": name]).status }
            .compactMap { try? $0.get() }
        #expect(statuses.filter { $0 == 201 }.count == 1 && statuses.filter { $0 == 409 }.count == 31)
    }

    @Test func `one of many who add a device adds it, and its revocation is one event`() throws {
        let root = try Service.shared().root
        let person = try root.account()
        let added = atOnce(32) { _ in try root.call("POST", "\(person.path)/devices", ["id": "d"]).status }
            .compactMap { try? $0.get() }
        #expect(added.filter { $0 == 201 }.count == 1 && added.filter { $0 == 409 }.count == 31)
        let revoked = atOnce(32) { _ in try root.call("POST", "\(person.path)/devices/d/revoke").text }
            .compactMap { try? $0.get() }
        #expect(revoked.count == 32 && Set(revoked).count == 1)
        #expect(try person.version() == 3)
    }
}
