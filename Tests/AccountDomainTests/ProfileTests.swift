import AccountDomain
import Testing

@Suite("Profile") struct ProfileTests {
    @Test func `profile, addresses and name are replaced as wholes`() throws {
        let profile = try ProfileMembers([("display_name", "Alice")])
        let past = Given.living().when(.profile(.change(profile))).then(.profile(.profileChanged(profile)))
            .when(.profile(.changeEmails([.sample("a@b.c")]))).then(.profile(.emailsChanged([.sample("a@b.c")])))
            .when(.profile(.changeName(.sample("alice")))).then(.profile(.nameChanged(.sample("alice"))))
        past.shows(profile) { $0.profile.profile }
        past.when(.profile(.change(profile))).thenNothing()
        past.when(.profile(.changeEmails([.sample("a@b.c")]))).thenNothing()
        past.when(.profile(.changeName(.sample("alice")))).thenNothing()
    }

    @Test func `the name is fixed once a key was issued, even a revoked one`() {
        let named = Given.living(
            .profile(.nameChanged(.sample("alice"))), .accessKeys(.issued(.sample(1))),
            .accessKeys(.revoked(KeyID(bits: 1))))
        named.when(.profile(.changeName(.sample("bob")))).thenRefused(.profile(.nameFixed))
        named.when(.profile(.changeName(.sample("alice")))).thenNothing()
    }

    @Test func `twenty addresses are allowed, one more is not`() {
        let emails = (1...21).map { EmailAddress.sample("a\($0)@b.c") }
        let twenty = Array(emails.dropLast())
        Given.living().when(.profile(.changeEmails(twenty))).then(.profile(.emailsChanged(twenty)))
        Given.living().when(.profile(.changeEmails(emails))).thenRefused(.profile(.tooManyEmails))
    }

    @Test func `an address stands once`() {
        Given.living().when(.profile(.changeEmails([.sample("a@b.c"), .sample("a@b.c")])))
            .thenRefused(.profile(.repeatedEmail))
    }

    @Test func `another order of addresses is a change, for the first one counts`() {
        let (a, b) = (EmailAddress.sample("a@b.c"), EmailAddress.sample("b@b.c"))
        Given.living(.profile(.emailsChanged([a, b]))).when(.profile(.changeEmails([b, a])))
            .then(.profile(.emailsChanged([b, a])))
    }
}
