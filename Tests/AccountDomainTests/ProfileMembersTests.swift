import AccountDomain
import Testing

@Suite("ProfileMembers") struct ProfileMembersTests {
    private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    @Test func `members are sorted by key and found by it`() throws {
        let members = try ProfileMembers([("b", "2"), ("a", "1")])
        #expect(members.members.map(\.key) == ["a", "b"])
        #expect(members["b"] == "2")
        #expect(members["c"] == nil)
        #expect(members.count == 2 && !members.isEmpty)
        #expect(try members == ProfileMembers([("a", "1"), ("b", "2")]))
    }

    @Test func `sixty-four members are the most`() {
        let many = (1...65).map { ("k\($0)", "") }
        #expect(throws: Never.self) { try ProfileMembers(Array(many.dropLast())) }
        #expect(throws: ValidationError("have at most 64 members")) { try ProfileMembers(many) }
    }

    @Test func `keys and values keep their lengths`() {
        #expect(throws: Never.self) { try ProfileMembers([(repeated("é", 64), repeated("é", 1024))]) }
        #expect(throws: ValidationError.self) { try ProfileMembers([(repeated("a", 65), "")]) }
        #expect(throws: ValidationError.self) { try ProfileMembers([("", "")]) }
        #expect(throws: ValidationError.self) { try ProfileMembers([("a\n", "")]) }
        #expect(throws: ValidationError.self) { try ProfileMembers([("a", repeated("a", 1025))]) }
        #expect(throws: ValidationError.self) { try ProfileMembers([("a", "\u{0}")]) }
    }

    @Test func `a key stands once, in whatever spelling`() {
        #expect(throws: ValidationError("name each key once")) { try ProfileMembers([("a", "1"), ("a", "2")]) }
        #expect(throws: ValidationError("name each key once")) {
            try ProfileMembers([("\u{E9}", "1"), ("e\u{301}", "2")])
        }
    }

    @Test func `another spelling of the same letters is a change`() throws {
        #expect(try ProfileMembers([("a", "\u{E9}")]) != ProfileMembers([("a", "e\u{301}")]))
    }

    @Test func `a patch sets, replaces and removes`() throws {
        let old = try ProfileMembers([("a", "1"), ("b", "2")])
        #expect(try old.merging([("a", nil), ("b", "3"), ("c", "4")]) == ProfileMembers([("b", "3"), ("c", "4")]))
        #expect(try old.merging([]) == old)
        #expect(try old.merging([("x", nil)]) == old)
        #expect(throws: ValidationError.self) { try old.merging([("", "x")]) }
    }
}
