import StrictJSON
import Testing

@Suite struct RemotesAuthTests {
    @Test func `credentials for remotes are deleted before others are inserted`() throws {
        let root = try Service.shared().root
        let person = try root.account()
        let path = "\(person.path)/remotes-auth"
        #expect(try root.call("GET", path)["remotes_auth"] == ["key"])
        let both = try root.call("PATCH", path, ["insert": ["anon", "jwt"]])
        #expect(both.status == 200 && both.header("Ledger-Position") != nil)
        let inserted = both["remotes_auth"].arrayValue?.compactMap(\.stringValue) ?? []
        #expect(Set(inserted).isSuperset(of: ["anon", "jwt"]))
        let version = try person.version()
        let same = try root.call("PATCH", path, ["insert": ["jwt"], "delete": ["jwt"]])
        #expect(same.status == 200 && same["remotes_auth"].arrayValue?.contains("jwt") == true, "\(same.text)")
        let none = try root.call("PATCH", path, ["delete": ["anon", "jwt", "key"]])
        #expect(none["remotes_auth"] == ["key"], "empty means key")
        let nothing = try root.call("PATCH", path, JSONValue.object([:]))
        #expect(nothing.status == 200)
        #expect(try person.version() > version)
        #expect(try root.call("GET", path).json == none.json)
        for body: JSONValue in [["insert": ["other"]], ["insert": "key"], ["delete": [1]]] {
            expectProblem(try root.call("PATCH", path, body), 422, "invalid")
        }
    }
}
