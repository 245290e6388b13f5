import AccountDomain
import Testing

@Suite("What accounts have for m-ld") struct MeldFacetTests {
    @Test func `addresses come and go one by one`() {
        let (a, b) = (EmailAddress.sample("a@b.c"), EmailAddress.sample("b@b.c"))
        Given.living(.profile(.emailsChanged([a]))).when(.profile(.patchEmails(insert: [b], delete: [a])))
            .then(.profile(.emailsDeleted([a])), .profile(.emailsInserted([b])))
            .shows([b], at: \.profile.emails)
    }

    @Test func `a value that is deleted and inserted at once ends up present`() {
        let a = EmailAddress.sample("a@b.c")
        Given.living(.profile(.emailsChanged([a]))).when(.profile(.patchEmails(insert: [a], delete: [a]))).thenNothing()
        Given.living().when(.profile(.patchEmails(insert: [a], delete: [a]))).then(.profile(.emailsInserted([a])))
        Given.living().when(.naming(.patch(insert: [.uuid], delete: [.uuid]))).then(.naming(.inserted([.uuid])))
    }

    @Test func `what is there already, or is not there, is no event`() {
        let a = EmailAddress.sample("a@b.c")
        Given.living(.profile(.emailsChanged([a]))).when(.profile(.patchEmails(insert: [a], delete: []))).thenNothing()
        Given.living().when(.profile(.patchEmails(insert: [], delete: [a]))).thenNothing()
        Given.living(.naming(.inserted([.any]))).when(.naming(.patch(insert: [.any], delete: [.uuid]))).thenNothing()
    }

    @Test func `addresses are compared byte by byte`() {
        let composed = EmailAddress.sample("\u{e9}@b.c")
        let decomposed = EmailAddress.sample("e\u{301}@b.c")
        #expect(composed != decomposed)
        Given.living(.profile(.emailsChanged([composed])))
            .when(.profile(.patchEmails(insert: [decomposed], delete: [])))
            .then(.profile(.emailsInserted([decomposed])))
    }

    @Test func `there are at most twenty addresses`() {
        let twenty = (0..<20).map { EmailAddress.sample("a\($0)@b.c") }
        let full = Given.living(.profile(.emailsChanged(twenty)))
        full.when(.profile(.patchEmails(insert: [.sample("b@b.c")], delete: []))).thenRefused(.profile(.tooManyEmails))
        full.when(.profile(.patchEmails(insert: [.sample("b@b.c")], delete: [twenty[0]])))
            .then(.profile(.emailsDeleted([twenty[0]])), .profile(.emailsInserted([.sample("b@b.c")])))
    }

    @Test func `a domain is registered once`() {
        Given.living().when(.domains(.create(.sample("notes")))).then(.domains(.created(.sample("notes"))))
            .when(.domains(.create(.sample("notes")))).thenNothing()
    }

    @Test func `drawn domains leave room for named ones`() {
        var generator = SystemRandomNumberGenerator()
        let drawn = (0..<Domains.maximum).map { _ in DomainName.drawn(using: &generator) }
        let full = Given(all: [.living] + drawn.map { .domains(.created($0)) })
        full.when(.domains(.create(.drawn(using: &generator)))).thenRefused(.domains(.tooMany))
        full.when(.domains(.create(.sample("notes")))).then(.domains(.created(.sample("notes"))))
    }

    @Test func `a drawn name is known by its form`() throws {
        var generator = SystemRandomNumberGenerator()
        #expect(DomainName.drawn(using: &generator).isDrawn)
        #expect(try DomainName("c" + String(repeating: "a", count: 24)).isDrawn)
        for text in [
            "c" + String(repeating: "a", count: 23), "d" + String(repeating: "a", count: 24),
            "c-" + String(repeating: "a", count: 23),
        ] {
            #expect(try !DomainName(text).isDrawn)
        }
    }

    @Test(arguments: ["", "A", "a_b", "-a", "a-", "a.b", "a\n", String(repeating: "a", count: 64)])
    func `a domain's name is a label`(text: String) {
        #expect(throws: ValidationError.self) { try DomainName(text) }
    }

    @Test(arguments: [
        "a@b.co", "A_!#$%&'*+-/=?^`{|}~@b.co", "a.b.c@x-y.example", "\u{fc}\u{1f600}@b.co", "a@1.co",
        String(repeating: "a", count: 64) + "@b.co",
    ])
    func `a mailbox keeps the rule`(text: String) {
        #expect(throws: Never.self) { try EmailAddress(mailbox: text) }
    }

    @Test(arguments: [
        "", "a", "@b.co", "a@", "a@b", "a@@b.co", "a@b@c.co", ".a@b.co", "a.@b.co", "a..b@b.co", " a@b.co", "a@b.co ",
        "a@b.co\n", "a\r\n@b.co", "a b@b.co", "\"a\"@b.co", "a@[127.0.0.1]", "a@127.0.0.1", "a@b.1co", "a@-b.co",
        "a@b-.co", "a@b..co", "a@b.co.", "a@b_c.co", "a@b\u{fc}.co", "a,b@b.co", "a<b@b.co", "a(c)@b.co",
        "a\u{a0}@b.co", "a\u{2028}@b.co", "a\u{202e}@b.co", "a\u{7f}@b.co", "a\u{0}@b.co",
        String(repeating: "a", count: 65) + "@b.co", String(repeating: "\u{fc}", count: 33) + "@b.co",
        "a@" + String(repeating: "b", count: 64) + ".co", "a@" + String(repeating: "b.", count: 130) + "co",
    ])
    func `anything else is no mailbox`(text: String) {
        #expect(throws: ValidationError.self) { try EmailAddress(mailbox: text) }
    }

    @Test func `an account of m-ld may have a thousand keys, another a hundred`() {
        func full(_ system: System, _ count: UInt32) -> Given {
            Given(all: [.created(by: system)] + (0..<count).map { .accessKeys(.issued(.sample($0))) })
        }
        full(.native, 100).when(.accessKeys(.issue(.sample(5_000)))).thenRefused(.accessKeys(.tooMany))
        full(.mld, 100).when(.accessKeys(.issue(.sample(5_000)))).then(.accessKeys(.issued(.sample(5_000))))
        full(.mld, 1_000).when(.accessKeys(.issue(.sample(5_000)))).thenRefused(.accessKeys(.tooMany))
    }
}
