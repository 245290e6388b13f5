import AccountDomain
import Testing

@Suite("Texts that keep a rule") struct TextValueTests {
    private func isKept<Value: TextValue>(_ text: String, by type: Value.Type) -> Bool {
        do throws(ValidationError) { return try Value(text).text == text } catch { return false }
    }

    private static func a(_ count: Int) -> String { String(repeating: "a", count: count) }

    @Test(arguments: ["a", "0", "_", "-", "alice_b-2", a(100)])
    func `these are account names`(text: String) { #expect(isKept(text, by: AccountName.self)) }

    @Test(arguments: ["", a(101), "Alice", "a b", "a.b", "é", "a\n", "a\u{0}", "ａ"])
    func `these are no account names`(text: String) { #expect(!isKept(text, by: AccountName.self)) }

    @Test(arguments: ["a", "Z.9_-", a(128)])
    func `these are device ids`(text: String) { #expect(isKept(text, by: DeviceID.self)) }

    @Test(arguments: ["", a(129), "a b", "a/b", "é", "a\r"])
    func `these are no device ids`(text: String) { #expect(!isKept(text, by: DeviceID.self)) }

    @Test(arguments: [
        "a@b.c", "a@localhost", "Alice.B+tag@Example.ORG", "jörg@example.org", "李@example.org", "o'neil@x-y.z",
        a(64) + "@b.c", a(60) + "@" + a(63) + "." + a(63) + "." + a(61) + ".b",
    ])
    func `these are e-mail addresses`(text: String) { #expect(isKept(text, by: EmailAddress.self)) }

    @Test(arguments: [
        "", "a", "@", "a@", "@b.c", "a@@b.c", "a@b@c", a(65) + "@b.c", "a b@c.d", "a@b c", "a@b.c\r\nBcc: x@y.z",
        "a\u{0}@b.c", "\"a\"@b.c", "<a@b.c>", "a,b@c.d", "a;b@c.d", "a@b.c,d@e.f", "a(b)@c.d", "a@-b.c", "a@b-.c",
        "a@b..c", "a@.b", "a@b.", ".a@b.c", "a.@b.c", "a..b@c.d", "a@" + a(64) + ".b", "a@b_c.d", "a@\u{212A}.org",
        "a\u{202E}@b.c", "a\u{7F}@b.c", "a@[127.0.0.1]",
        a(64) + "@" + a(63) + "." + a(63) + "." + a(61) + ".b",
    ])
    func `these are no e-mail addresses`(text: String) { #expect(!isKept(text, by: EmailAddress.self)) }

    @Test func `an identifier is an address in lower case`() throws {
        #expect(try Identifier("Alice@Example.ORG").text == "alice@example.org")
        #expect(try Identifier("alice@example.org") == Identifier("ALICE@EXAMPLE.ORG"))
        #expect(throws: ValidationError.self) { try Identifier("alice") }
        #expect(throws: ValidationError.self) { try Identifier("a@\u{212A}.org") }
    }

    @Test(arguments: ["İ@b.c", String(repeating: "İ", count: 64) + "@b.c", "Ñandú@b.c", "ΣΑΣ@b.c"])
    func `lowering an identifier again changes nothing`(text: String) {
        guard let once = try? Identifier(text) else { return }
        #expect((try? Identifier(once.text)) == once)
    }

    @Test(arguments: ["sip.example.org", "localhost", "a-b.c", "1.2", a(63) + "." + a(63) + "." + a(63) + "." + a(61)])
    func `these are domains`(text: String) { #expect(isKept(text, by: SpaceDomain.self)) }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "SIP.example.org", "-a", "a-", "a_b", "a b", "é.org", "a:5060", a(64),
        a(63) + "." + a(63) + "." + a(63) + "." + a(62),
    ])
    func `these are no domains`(text: String) { #expect(!isKept(text, by: SpaceDomain.self)) }

    @Test(arguments: [("x", true), ("é x", true), ("", false), ("a\n", false), ("a\u{7F}", false), ("\u{0}", false)])
    func `names that people give hold no control characters`(text: String, isRight: Bool) {
        #expect(isKept(text, by: DeviceName.self) == isRight)
        #expect(isKept(text, by: KeyLabel.self) == isRight)
        #expect(isKept(text, by: SpaceName.self) == isRight)
    }

    @Test func `lengths end where they are said to end`() {
        #expect(isKept(Self.a(128), by: DeviceName.self) && !isKept(Self.a(129), by: DeviceName.self))
        #expect(isKept(Self.a(128), by: KeyLabel.self) && !isKept(Self.a(129), by: KeyLabel.self))
        #expect(isKept(Self.a(100), by: SpaceName.self) && !isKept(Self.a(101), by: SpaceName.self))
        #expect(isKept(Self.a(1024), by: Reason.self) && !isKept(Self.a(1025), by: Reason.self))
        #expect(isKept(Self.a(8192), by: PublicKeyText.self) && !isKept(Self.a(8193), by: PublicKeyText.self))
    }

    @Test func `reasons and public keys may hold lines, but no NUL`() {
        #expect(isKept("a\nb", by: Reason.self) && !isKept("a\u{0}", by: Reason.self))
        #expect(isKept("a\nb", by: PublicKeyText.self) && !isKept("a\u{0}", by: PublicKeyText.self))
    }

    @Test func `an error names the rule`() {
        #expect(throws: ValidationError("be 1 to 100 of a-z, 0-9, _ and -")) { try AccountName("A") }
    }
}
