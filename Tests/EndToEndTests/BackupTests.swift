import StrictJSON
import Testing

@Suite struct BackupTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    private func put(_ person: Person, _ version: Int64, _ data: [UInt8]) throws -> Response {
        try root.call(
            "PUT", "\(person.path)/backup", ["version": .integer(version), "data": .string(Base64.encode(data))])
    }

    @Test func `versions follow one another, and each can be read again`() throws {
        let person = try root.account()
        expectProblem(try root.call("GET", "\(person.path)/backup"), 404, "not-found")
        for version in 1...3 {
            let data = [UInt8](repeating: UInt8(version), count: version * 10)
            let response = try put(person, Int64(version), data)
            #expect(response.status == 200 && response["version"].integerValue == Int64(version), "\(response.text)")
            #expect(response["length"].integerValue == Int64(version * 10) && response["data"] == .null)
            #expect(response["sha256"].stringValue?.count == 64 && response["stored_at"].stringValue != nil)
        }
        for version in [0, 3, 5, 100] as [Int64] where version > 0 {
            let response = try put(person, version, [1])
            expectProblem(response, 409, "version-conflict")
            #expect(response["expected_version"] == 4)
        }
        let newest = try root.call("GET", "\(person.path)/backup")
        #expect(newest["version"] == 3 && newest["data"].stringValue == Base64.encode([UInt8](repeating: 3, count: 30)))
        let first = try root.call("GET", "\(person.path)/backup/versions/1")
        #expect(first["data"].stringValue == Base64.encode([UInt8](repeating: 1, count: 10)))
        for name in ["0", "4", "-1", "01", "x", "99999999999999999999"] {
            expectProblem(try root.call("GET", "\(person.path)/backup/versions/\(name)"), 404, "not-found")
        }
        let all = try root.all("\(person.path)/backup/versions", limit: 2)
        #expect(all.map { $0["version"].integerValue } == [1, 2, 3] && all.allSatisfy { $0["data"] == .null })
    }

    @Test func `as many versions can be read as the deployment says, of the past no more than of the present`() throws {
        let service = try Service(["LEDGER_BACKUP_VERSIONS": "2"])
        let person = try service.root.account()
        var positions: [String] = []
        for version in 1...4 {
            let put = try service.root.call(
                "PUT", "\(person.path)/backup", ["version": .integer(Int64(version)), "data": "AAEC"])
            positions.append(try #require(put.header("Ledger-Position")))
        }
        let statuses = try (1...4).map { try service.root.call("GET", "\(person.path)/backup/versions/\($0)").status }
        #expect(statuses == [404, 404, 200, 200])
        let listed = try service.root.all("\(person.path)/backup/versions", limit: 1)
        #expect(listed.map { $0["version"].integerValue } == [3, 4])
        let past = try positions.map { try service.root.call("GET", "\(person.path)/backup?at=\($0)").status }
        #expect(past == [404, 404, 200, 200])
        let pastLists = try positions.map {
            try service.root.call("GET", "\(person.path)/backup/versions?at=\($0)")["items"].arrayValue?.count
        }
        #expect(pastLists == [0, 0, 1, 2])
    }

    @Test(arguments: [0, 1, 49_151, 49_152, 49_153, 70_000, 1_100_000])
    func `data of any length comes back as it went`(_ length: Int) throws {
        let person = try root.account()
        let data = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let response = try put(person, 1, data)
        #expect(response.status == 200, "\(response.text.prefix(200))")
        let read = try root.call("GET", "\(person.path)/backup")
        #expect(read["data"].stringValue == Base64.encode(data) && read["length"].integerValue == Int64(length))
        #expect(read["sha256"] == response["sha256"])
    }

    @Test func `the account shows its newest backup without the data`() throws {
        let person = try root.account()
        let put = try put(person, 1, [1, 2, 3])
        let shown = try root.call("GET", person.path)["backup"]
        #expect(shown["version"] == 1 && shown["length"] == 3 && shown["sha256"] == put["sha256"])
        #expect(shown["stored_at"] == put["stored_at"] && shown["data"] == .null)
    }
}
