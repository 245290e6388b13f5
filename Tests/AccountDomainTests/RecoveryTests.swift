import AccountDomain
import Testing

@Suite("Recovery") struct RecoveryTests {
    private static let before = Moment(microseconds: 3_599_000_000)
    private static let email = EmailAddress(stored: "a@b.c")

    private func asked(_ events: AccountEvent...) -> Past<Account> {
        var all: [AccountEvent] = [
            .profile(.emailsChanged([Self.email])), .password(.set(PasswordTests.old)),
            .recovery(.requested(.sample(1))), .recovery(.requested(.sample(2))),
        ]
        all += events
        return Past(all: all, after: Given.living().state)
    }

    private func isGood(_ ordinal: UInt8, at moment: Moment = before) -> (Account) -> Bool {
        { $0.recovery.request(with: .sample(ordinal), at: moment) != nil }
    }

    @Test func `a token can be used until it ends, and then not`() {
        let past = asked()
        past.shows(true, at: isGood(1))
        past.shows(true, at: isGood(2))
        past.shows(false, at: isGood(3))
        past.shows(false, at: isGood(1, at: Moment(microseconds: 3_600_000_000)))
    }

    @Test func `using one ends all`() {
        let past = asked().when(.recovery(.redeem(ordinal: 1))).then(.recovery(.redeemed(ordinal: 1)))
        past.shows(false, at: isGood(1))
        past.shows(false, at: isGood(2))
        past.when(.recovery(.redeem(ordinal: 1))).then()
        past.shows(2) { $0.recovery.requestCount }
    }

    @Test func `a password that changes otherwise ends all`() {
        asked(.password(.changed(PasswordTests.new))).shows(false, at: isGood(2))
    }

    @Test func `an address that is the account's no more ends what was sent there`() {
        asked(.profile(.emailsChanged([EmailAddress(stored: "other@b.c")]))).shows(false, at: isGood(1))
        asked(.profile(.emailsChanged([EmailAddress(stored: "other@b.c"), Self.email]))).shows(true, at: isGood(1))
    }

    @Test func `tokens that ended are forgotten when the next is asked for`() {
        let late = RecoveryRequest.sample(3, expiresAt: Moment(microseconds: 7_200_000_000))
        let past = asked(.recovery(.requested(late)))
        past.shows(false, at: isGood(1))
        past.shows(true, at: isGood(3))
    }

    @Test func `whoever asks without end ends the oldest`() {
        var account = asked().state
        for ordinal in 3...(Recovery.maximumPending + 1) {
            account.apply(.recovery(.requested(.sample(ordinal))))
        }
        #expect(!isGood(1)(account) && isGood(2)(account) && isGood(UInt8(Recovery.maximumPending + 1))(account))
        #expect(account.recovery.requestCount == Recovery.maximumPending + 1)
    }

    @Test func `erasure forgets them`() {
        asked(.lifecycle(.erased(kept: []))).shows(false, at: isGood(1))
    }
}
