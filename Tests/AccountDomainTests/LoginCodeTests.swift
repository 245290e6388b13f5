import AccountDomain
import Testing

@Suite("Login codes") struct LoginCodeTests {
    private var given: GivenIdentity { GivenIdentity(.created(.sample("a@b.c"))) }
    private static let late = Moment.start.adding(seconds: LoginCode.lifetimeSeconds)

    private func mailed() -> GivenIdentity {
        given.when(.issueCode(.sample(1), at: .start)).then(.codeIssued(.sample(1)))
    }

    @Test func `a code is mailed again only after a rest`() {
        let mailed = mailed()
        mailed.when(.issueCode(.sample(2), at: .start)).thenNothing()
        let rested = Moment.start.adding(seconds: LoginCode.restSeconds)
        mailed.when(.issueCode(.sample(2, at: rested), at: rested)).then(.codeIssued(.sample(2, at: rested)))
            .when(.tryCode(.sample(1), at: rested)).then(.codeFailed(ordinal: 2))
    }

    @Test func `a right code is used up`() {
        let used = mailed().when(.tryCode(.sample(1), at: .start)).then(.codeUsed(ordinal: 1))
        used.when(.tryCode(.sample(1), at: .start)).thenRefused(.noCode)
        used.shows(1) { $0.codes.issued }
    }

    @Test func `five wrong tries end a code`() {
        var tried = mailed()
        for _ in 1...LoginCode.maximumTries {
            tried = tried.when(.tryCode(.sample(9), at: .start)).then(.codeFailed(ordinal: 1))
        }
        tried.when(.tryCode(.sample(1), at: .start)).thenRefused(.noCode)
        tried.when(.issueCode(.sample(2), at: .start)).then(.codeIssued(.sample(2)))
    }

    @Test func `a code ends by itself`() {
        mailed().when(.tryCode(.sample(1), at: Self.late)).thenRefused(.noCode)
        given.when(.tryCode(.sample(1), at: .start)).thenRefused(.noCode)
    }

    @Test func `public keys are set once, and notifications stand each time`() {
        let set = given.when(.setPublicKeys(.sample("a"))).then(.publicKeysSet(.sample("a")))
        set.when(.setPublicKeys(.sample("a"))).thenNothing()
        set.when(.setPublicKeys(.sample("b"))).then(.publicKeysSet(.sample("b")))
        set.when(.notify(.passwordReset)).then(.notified(.passwordReset))
            .when(.notify(.passwordReset)).then(.notified(.passwordReset))
    }
}
