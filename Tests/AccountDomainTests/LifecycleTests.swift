import AccountDomain
import Testing

@Suite("Lifecycle") struct LifecycleTests {
    static let onLiving: [AccountCommand] = [
        .lifecycle(.activate(reason: nil)), .lifecycle(.deactivate(reason: nil)), .lifecycle(.block(reason: nil)),
        .lifecycle(.unblock(reason: nil)), .lifecycle(.erase(kept: [])), .profile(.change(.empty)),
        .password(.replace(with: .argon2id(phc: "x"), authority: .operator)), .backup(.lock),
        .devices(.revoke(id: .sample("a"), reason: nil)), .accessKeys(.revoke(KeyID(bits: 1))),
        .remotesAuth(.patch(insert: [], delete: [])), .administrators(.insert(.sample(1))), .roles(.withdraw(.admin)),
        .tokens(.revoke(.random(), expiresAt: Moment(microseconds: 0))), .identities(.link(.sample(1))),
    ]

    @Test func `a new account starts with what it is given`() {
        let creation = Creation(
            system: .flexisip, space: .sample(7), spaceDomain: .sample("sip.example.org"), activated: true,
            name: .sample("alice"), emails: [.sample("a@example.org")], profile: .empty)
        let past = Given().when(.lifecycle(.create(creation))).then(.lifecycle(.created(creation)))
        past.shows(true) { $0.lifecycle.isLiving && $0.lifecycle.isActivated && !$0.lifecycle.isBlocked }
        past.shows(.flexisip) { $0.lifecycle.system }
        past.shows(.sample(7)) { $0.lifecycle.space }
        past.shows(.sample("alice")) { $0.profile.name }
        past.shows([.sample("a@example.org")]) { $0.profile.emails }
    }

    @Test func `an account is created once`() {
        Given.living().when(.lifecycle(.create(Creation(system: .native)))).thenRefused(.lifecycle(.alreadyExists))
    }

    @Test func `an erased account is not created again`() {
        Given.living(.lifecycle(.erased(kept: []))).when(.lifecycle(.create(Creation(system: .native))))
            .thenRefused(.lifecycle(.alreadyExists))
    }

    @Test func `a creation keeps the rules for e-mail addresses`() {
        let twice = Creation(system: .native, emails: [.sample("a@b.c"), .sample("a@b.c")])
        Given().when(.lifecycle(.create(twice))).thenRefused(.profile(.repeatedEmail))
    }

    @Test(arguments: onLiving)
    func `everything but a creation is refused on a missing account`(command: AccountCommand) {
        Given().when(command).thenRefused(.missing)
    }

    @Test(arguments: onLiving)
    func `everything is refused on an erased account`(command: AccountCommand) {
        Given.living(.lifecycle(.erased(kept: []))).when(command).thenRefused(.erased)
    }

    @Test func `activation is set and taken back, each with its reason`() {
        let reason = Reason.sample("confirmed by mail")
        Given.living().when(.lifecycle(.activate(reason: reason))).then(.lifecycle(.activated(reason: reason)))
            .when(.lifecycle(.deactivate(reason: nil))).then(.lifecycle(.deactivated(reason: nil)))
            .shows(false) { $0.lifecycle.isActivated }
    }

    @Test func `blocking is set and taken back, each with its reason`() {
        let reason = Reason.sample("abuse")
        Given.living().when(.lifecycle(.block(reason: reason))).then(.lifecycle(.blocked(reason: reason)))
            .when(.lifecycle(.unblock(reason: reason))).then(.lifecycle(.unblocked(reason: reason)))
            .shows(false) { $0.lifecycle.isBlocked }
    }

    @Test func `what is so already makes no event`() {
        Given.living().when(.lifecycle(.deactivate(reason: nil))).thenNothing()
        Given.living().when(.lifecycle(.unblock(reason: nil))).thenNothing()
        Given.living(.lifecycle(.activated(reason: nil))).when(.lifecycle(.activate(reason: nil))).thenNothing()
        Given.living(.lifecycle(.blocked(reason: nil))).when(.lifecycle(.block(reason: nil))).thenNothing()
    }

    @Test func `an erasure names what stays reserved, by namespace`() {
        let name = KeptReservation(namespace: .accountName, count: 1)
        let jami = KeptReservation(namespace: .jamiName, count: 2)
        Given.living().when(.lifecycle(.erase(kept: [jami, name]))).then(.lifecycle(.erased(kept: [name, jami])))
    }

    @Test func `an erased account remembers only what it was made by`() {
        let past = Given.living(
            .profile(.nameChanged(.sample("alice"))), .password(.set(.argon2id(phc: "x"))),
            .backup(.replaced(.sample(1))), .devices(.added(.sample(1, "phone"))),
            .accessKeys(.issued(.sample(1))), .identities(.linked(.sample(1))),
            .lifecycle(.erased(kept: [])))
        past.shows(Given(.living, .lifecycle(.erased(kept: []))).state) { $0 }
        past.shows(nil) { $0.password.verifier }
        past.shows(nil) { $0.profile.name }
    }
}

extension TokenID {
    fileprivate static func random() -> TokenID { TokenID(high: 1, low: 2) }
}
