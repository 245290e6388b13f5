import AccountDomain
import Testing

extension Activation: Deciding {}

@Suite("Activation") struct ActivationTests {
    private static let start = Moment(microseconds: 1_800_000_000_000_000)
    private static let expiry = start.adding(seconds: 600)
    private static let account = StreamID.sample(1)
    private static let request = ActivationRequest(
        name: .sample("alice"), email: .sample("a@b.c"), expiresAt: expiry, verifier: .sample(7))

    private func open(_ events: Activation.Event...) -> Past<Activation> {
        Past(all: [.requested(Self.request)] + events)
    }

    private func redeem(_ code: UInt8 = 7, at now: Moment = start) -> Activation.Command {
        .redeem(.sample(code), for: Self.account, at: now)
    }

    @Test func `it is opened once`() {
        Past<Activation>().when(.request(Self.request)).then(.requested(Self.request))
        open().when(.request(Self.request)).thenRefused(.alreadyExists)
        open(.ended).when(.request(Self.request)).thenRefused(.alreadyExists)
    }

    @Test func `the right code redeems it once`() {
        open().when(redeem()).then(.redeemed(for: Self.account, at: Self.start)).when(redeem()).thenRefused(.closed)
    }

    @Test func `wrong codes are counted, and the fifth closes it for the right one too`() {
        var past = open()
        for count in 1...5 { past = past.when(redeem(8)).then(.attemptFailed(count: count)) }
        past.when(redeem(8)).thenRefused(.closed)
        past.when(redeem()).thenRefused(.closed)
    }

    @Test func `four wrong codes leave it usable`() {
        open(.attemptFailed(count: 4)).when(redeem()).then(.redeemed(for: Self.account, at: Self.start))
    }

    @Test func `it expires with the moment, not after it`() {
        open().when(redeem(at: Self.expiry.adding(seconds: -1)))
            .then(.redeemed(for: Self.account, at: Self.expiry.adding(seconds: -1)))
        open().when(redeem(at: Self.expiry)).thenRefused(.closed)
        open().when(redeem(8, at: Self.expiry)).thenRefused(.closed)
    }

    @Test func `it ends an hour after it expired or was used, and once`() {
        let hour: Int64 = 3_600
        open().when(.end(at: Self.expiry.adding(seconds: hour - 1), graceSeconds: hour)).thenRefused(.notDue)
        open().when(.end(at: Self.expiry.adding(seconds: hour), graceSeconds: hour)).then(.ended)
            .when(.end(at: Self.expiry.adding(seconds: hour), graceSeconds: hour)).thenNothing()
        open(.redeemed(for: Self.account, at: Self.start))
            .when(.end(at: Self.start.adding(seconds: hour), graceSeconds: hour)).then(.ended)
    }

    @Test func `what has ended remembers nothing and takes nothing`() {
        open(.attemptFailed(count: 1), .ended).shows(nil, at: \.request)
        open(.ended).when(redeem()).thenRefused(.closed)
        Past<Activation>().when(redeem()).thenRefused(.missing)
        Past<Activation>().when(.end(at: Self.expiry, graceSeconds: 0)).thenRefused(.missing)
    }
}
