import AccountDomain
import Testing

@Suite("Identity") struct IdentityTests {
    private static let address = Identifier.sample("a@b.c")
    private let token = TokenID(high: 1, low: 2)
    static let afterCreation: [Identity.Command] = [
        .changeMFA(.totp), .link(.sample(1)), .unlink,
        .revokeToken(TokenID(high: 1, low: 2), expiresAt: Moment(microseconds: 0)), .end,
        .issueCode(.sample(1), at: .start), .tryCode(.sample(1), at: .start), .setPublicKeys(.sample("a")),
        .notify(.passwordReset),
    ]

    @Test func `an identity is created once`() {
        let past = GivenIdentity().when(.create(Self.address)).then(.created(Self.address))
        past.when(.create(.sample("x@y.z"))).thenRefused(.alreadyExists)
        past.shows(.disabled) { $0.mfa }
    }

    @Test(arguments: afterCreation)
    func `nothing happens to an identity that was never made`(command: Identity.Command) {
        GivenIdentity().when(command).thenRefused(.missing)
    }

    @Test(arguments: afterCreation + [.create(address)])
    func `nothing happens to an identity that ended`(command: Identity.Command) {
        GivenIdentity(.created(Self.address), .ended).when(command).thenRefused(.ended)
    }

    @Test(arguments: MFAMethod.allCases)
    func `the second factor changes once`(method: MFAMethod) {
        let other: MFAMethod = method == .totp ? .webauthn : .totp
        let past = GivenIdentity(.created(Self.address), .mfaChanged(other)).when(.changeMFA(method))
            .then(.mfaChanged(method))
        past.when(.changeMFA(method)).thenNothing()
    }

    @Test func `an identity belongs to one account at a time`() {
        let linked = GivenIdentity(.created(Self.address)).when(.link(.sample(1))).then(.linked(.sample(1)))
        linked.when(.link(.sample(2))).thenRefused(.alreadyLinked(to: .sample(1)))
        linked.when(.link(.sample(1))).thenRefused(.alreadyLinked(to: .sample(1)))
        let free = linked.when(.unlink).then(.unlinked(.sample(1)))
        free.when(.unlink).thenRefused(.notLinked)
        free.when(.link(.sample(2))).then(.linked(.sample(2)))
    }

    @Test func `a token ends once`() {
        let end = Moment(microseconds: 5)
        let past = GivenIdentity(.created(Self.address)).when(.revokeToken(token, expiresAt: end))
            .then(.tokenRevoked(token, expiresAt: end))
        past.when(.revokeToken(token, expiresAt: end)).thenNothing()
        past.shows(true) { $0.isRevoked(token) }
    }

    @Test func `an ended identity is forgotten`() {
        let past = GivenIdentity(.created(Self.address), .linked(.sample(1))).when(.end).then(.ended)
        past.shows(nil) { $0.identifier }
        past.shows(nil) { $0.account }
        past.shows(true) { $0.isEnded }
    }
}
