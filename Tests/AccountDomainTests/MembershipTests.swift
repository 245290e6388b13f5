import AccountDomain
import Testing

@Suite("Administrators, roles, tokens, linked identities") struct MembershipTests {
    @Test func `an administrator is inserted and deleted once`() {
        let past = Given.living().when(.administrators(.insert(.sample(1)))).then(
            .administrators(.inserted(.sample(1))))
        past.when(.administrators(.insert(.sample(1)))).thenNothing()
        past.when(.administrators(.delete(.sample(2)))).thenNothing()
        past.when(.administrators(.delete(.sample(1)))).then(.administrators(.deleted(.sample(1))))
            .shows([]) { $0.administrators.accounts }
    }

    @Test func `a thousand administrators are the most`() {
        let full = Past<Account>(all: [.living] + (1...1_000).map { .administrators(.inserted(.sample($0))) })
        full.when(.administrators(.insert(.sample(1_001)))).thenRefused(.administrators(.tooMany))
        full.when(.administrators(.insert(.sample(1)))).thenNothing()
    }

    @Test func `a role is granted and withdrawn once, in a Space`() {
        let member = Given(.lifecycle(.created(Creation(system: .flexisip, space: .sample(1)))))
        let admin = member.when(.roles(.grant(.admin))).then(.roles(.granted(.admin)))
        admin.shows(true) { $0.roles.isAdmin }
        admin.when(.roles(.grant(.admin))).thenNothing()
        admin.when(.roles(.withdraw(.admin))).then(.roles(.withdrawn(.admin))).when(.roles(.withdraw(.admin)))
            .thenNothing()
    }

    @Test func `an account without a Space administers none`() {
        Given.living().when(.roles(.grant(.admin))).thenRefused(.roles(.noSpace))
    }

    @Test func `a token ends once`() {
        let (token, end) = (TokenID(high: 1, low: 2), Moment(microseconds: 3))
        let past = Given.living().when(.tokens(.revoke(token, expiresAt: end)))
            .then(.tokens(.revoked(token, expiresAt: end)))
        past.when(.tokens(.revoke(token, expiresAt: end))).thenNothing()
        past.shows(true) { $0.tokens.isRevoked(token) }
        past.shows(false) { $0.tokens.isRevoked(TokenID(high: 1, low: 3)) }
    }

    @Test func `an identity is linked once`() {
        let past = Given.living().when(.identities(.link(.sample(1)))).then(.identities(.linked(.sample(1))))
        past.when(.identities(.link(.sample(1)))).thenNothing()
    }

    @Test func `the last identity stays`() {
        let past = Given.living(.identities(.linked(.sample(1))), .identities(.linked(.sample(2))))
            .when(.identities(.unlink(.sample(1)))).then(.identities(.unlinked(.sample(1))))
        past.when(.identities(.unlink(.sample(2)))).thenRefused(.identities(.last))
        past.when(.identities(.unlink(.sample(1)))).thenNothing()
    }

    @Test func `twelve identities are the most`() {
        let full = Past<Account>(all: [.living] + (1...12).map { .identities(.linked(.sample($0))) })
        full.when(.identities(.link(.sample(13)))).thenRefused(.identities(.tooMany))
    }
}
