import AccountDomain
import Testing

@Suite("AccessKeys") struct AccessKeysTests {
    @Test(arguments: KeyKind.allCases)
    func `a key is issued and revoked once`(kind: KeyKind) {
        let past = Given.living().when(.accessKeys(.issue(.sample(5, kind)))).then(
            .accessKeys(.issued(.sample(5, kind))))
        past.shows(true) { $0.accessKeys.isLiving(KeyID(bits: 5)) }
        let revoked = past.when(.accessKeys(.revoke(KeyID(bits: 5)))).then(.accessKeys(.revoked(KeyID(bits: 5))))
        revoked.when(.accessKeys(.revoke(KeyID(bits: 5)))).thenNothing()
        revoked.shows(nil) { $0.accessKeys.living(KeyID(bits: 5)) }
        revoked.shows(kind) { $0.accessKeys.key(KeyID(bits: 5))?.kind }
        revoked.shows(true) { $0.accessKeys.everIssued }
    }

    @Test func `an id is not used again, not even a revoked one`() {
        let used = Given.living(.accessKeys(.issued(.sample(5))), .accessKeys(.revoked(KeyID(bits: 5))))
        used.when(.accessKeys(.issue(.sample(5, .rsa)))).thenRefused(.accessKeys(.idTaken))
    }

    @Test func `an unknown key is not found`() {
        Given.living().when(.accessKeys(.revoke(KeyID(bits: 5)))).thenRefused(.accessKeys(.notFound))
        Given.living().shows(nil) { $0.accessKeys.key(KeyID(bits: 5)) }
        Given.living().shows(false) { $0.accessKeys.everIssued }
    }

    @Test func `a hundred living keys are the most; a revoked one makes room`() {
        let full = Past<Account>(all: [.living] + (1...100).map { .accessKeys(.issued(.sample($0))) })
        full.when(.accessKeys(.issue(.sample(101)))).thenRefused(.accessKeys(.tooMany))
        full.when(.accessKeys(.revoke(KeyID(bits: 1)))).then(.accessKeys(.revoked(KeyID(bits: 1))))
            .when(.accessKeys(.issue(.sample(101)))).then(.accessKeys(.issued(.sample(101))))
    }
}
