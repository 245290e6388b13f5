import AccountDomain
import Testing

@Suite("Secret storage") struct SecretStorageTests {
    private static let later = Moment.start.adding(seconds: 1)

    private static func installed(_ text: String = "r") -> AccountEvent {
        .secretStorage(
            .installed(rootKey: SealedKey(hash: text, encrypted: "e"), vaultKey: .init(hash: "v", encrypted: "e")))
    }

    private func given(_ events: AccountEvent...) -> Past<Account> {
        Past(all: [.created(by: .misakey), Self.installed()] + events)
    }

    @Test func `an installation replaces what there was`() {
        let past = given(
            .secretStorage(.asymmetricKeysAdded([AsymmetricKey(publicKey: "old", encryptedSecretKey: "s")])),
            .secretStorage(.sharesPut([.sample("old")], at: .start)))
        let after = past.when(.secretStorage(.install(.sample("new", keys: 1, shares: 1), at: .start))).then(
            Self.installed("new"),
            .secretStorage(.asymmetricKeysAdded([AsymmetricKey(publicKey: "p0", encryptedSecretKey: "s")])),
            .secretStorage(.sharesPut([.sample("b0")], at: .start)))
        after.shows(["p0"]) { Array($0.secretStorage.asymmetricKeys.keys) }
        after.shows(["b0"]) { Array($0.secretStorage.shares.keys) }
    }

    @Test func `many keys are written in pieces that each fit a box`() throws {
        let past = Past<Account>(.created(by: .misakey))
        let events = try past.state.decide(
            .secretStorage(.migrate(.sample("r", keys: 100, size: 4_000), at: .start)))
        #expect(events.count > 10 && events.count < 20, "\(events.count)")
        var state = past.state
        for event in events { state.apply(event) }
        #expect(state.secretStorage.asymmetricKeys.count == 100 && state.secretStorage.characters > 400_000)
    }

    @Test func `many keys are removed in pieces that each fit a box, and each once`() throws {
        var state = Past<Account>(.created(by: .misakey)).state
        let names = (0..<100).map { "\($0)".padding(1_000) }
        for event in try state.decide(
            .secretStorage(
                .migrate(
                    SecretStorageContents(
                        rootKey: SealedKey(hash: "r", encrypted: "e"), vaultKey: SealedKey(hash: "v", encrypted: "e"),
                        asymmetricKeys: names.map { AsymmetricKey(publicKey: $0, encryptedSecretKey: "s") },
                        shares: []), at: .start)))
        { state.apply(event) }
        let events = try state.decide(.secretStorage(.removeAsymmetricKeys(names + names)))
        #expect(events.count == 4, "\(events.count)")
        for event in events { state.apply(event) }
        #expect(state.secretStorage.asymmetricKeys.isEmpty && state.secretStorage.characters == 0)
    }

    @Test func `a root key is not installed twice, and a migration happens once`() {
        given().when(.secretStorage(.install(.sample("r"), at: .start))).thenRefused(.secretStorage(.rootKeyUsed))
        given().when(.secretStorage(.migrate(.sample("x"), at: .start))).thenRefused(.secretStorage(.alreadyInstalled))
    }

    @Test func `a change of the root key keeps its hash, and waits where there is no storage`() {
        let changed = given().when(.secretStorage(.changeRootKey(encrypted: "n")))
            .then(.secretStorage(.rootKeyChanged(encrypted: "n")))
        changed.shows(SealedKey(hash: "r", encrypted: "n")) { $0.secretStorage.rootKey }
        let waiting = Past<Account>(.created(by: .misakey)).when(.secretStorage(.changeRootKey(encrypted: "n")))
            .then(.secretStorage(.rootKeyChanged(encrypted: "n")))
        waiting.shows(false) { $0.secretStorage.isInstalled }
        waiting.shows("n") { $0.secretStorage.pendingRootKey }
    }

    @Test func `keys and shares change under the current root key alone`() {
        let key = AsymmetricKey(publicKey: "p", encryptedSecretKey: "s")
        let added = given().when(.secretStorage(.addAsymmetricKey(key, rootKeyHash: "r")))
            .then(.secretStorage(.asymmetricKeysAdded([key])))
        added.when(.secretStorage(.addAsymmetricKey(key, rootKeyHash: "r"))).thenNothing()
        added.when(.secretStorage(.removeAsymmetricKeys(["p", "q"]))).thenRefused(.secretStorage(.notFound))
        added.when(.secretStorage(.removeAsymmetricKeys(["p"]))).then(.secretStorage(.asymmetricKeysRemoved(["p"])))
            .shows(0) { $0.secretStorage.characters }
        for command in [
            SecretStorage.Command.addAsymmetricKey(key, rootKeyHash: "x"),
            .putShare(.sample("b"), rootKeyHash: "x", at: .start),
        ] {
            given().when(.secretStorage(command)).thenRefused(.secretStorage(.staleRootKey))
            Past<Account>(.created(by: .misakey)).when(.secretStorage(command))
                .thenRefused(.secretStorage(.notInstalled))
        }
    }

    @Test func `a share keeps its id and its first moment when it is put again`() {
        let put = given().when(.secretStorage(.putShare(.sample("b", id: "1"), rootKeyHash: "r", at: .start)))
            .then(.secretStorage(.sharesPut([.sample("b", id: "1")], at: .start)))
        let again = put.when(
            .secretStorage(.putShare(.sample("b", id: "2", hash: "n"), rootKeyHash: "r", at: Self.later))
        ).then(.secretStorage(.sharesPut([.sample("b", id: "1", hash: "n")], at: Self.later)))
        again.shows(.start) { $0.secretStorage.shares["b"]?.createdAt }
        again.shows(Self.later) { $0.secretStorage.shares["b"]?.updatedAt }
        again.when(.secretStorage(.removeShares(["x"]))).thenRefused(.secretStorage(.notFound))
        again.when(.secretStorage(.removeShares(["b"]))).then(.secretStorage(.sharesRemoved(["b"])))
    }

    @Test(arguments: System.allCases.filter { $0 != .misakey })
    func `a password that the client hashed is of Misakey accounts alone`(system: System) {
        let relief = PasswordVerifier.argon2ServerRelief(
            ReliefVerifier(
                parameters: PrehashParameters(memory: 8, iterations: 1, parallelism: 1, salt: "c2FsdHNhbHQ="), key: [1],
                mac: .sample(1)))
        Past<Account>(.created(by: system)).when(.password(.replace(with: relief, authority: .operator)))
            .thenRefused(.password(.managedAtItsDoor(system)))
        Past<Account>(.created(by: .misakey)).when(.password(.replace(with: relief, authority: .operator)))
            .then(.password(.set(relief)))
    }
}

extension String {
    /// The same with letters behind it, up to a length.
    fileprivate func padding(_ length: Int) -> String { self + String(repeating: "k", count: length - utf8.count) }
}
