import AccountDomain
import Accounts
import Crypto
import DoorKit
import EventCoding
import Testing

@Suite struct `Credentials` {
    let log = FakeLog()
    let account = StreamID(version4From: 1, 2)
    let keyID = KeyID(bits: 0x12_34_56)
    let secret = "a-secret-of-an-issued-key"
    let rootText = "app.root:0123456789abcdefghijkl"
    let client: NetworkAddress
    let tokens = AccessTokens(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32))) {
        Moment(microseconds: 1_000_000_000)
    }

    init() throws { client = try #require(NetworkAddress("192.0.2.1")) }

    private func authenticator(failures: AttemptLimiter = .off) throws -> Authenticator {
        Authenticator(log: log, root: try RootKey(rootText), tokens: tokens, failures: failures)
    }

    private func state(isBlocked: Bool = false, isRevoked: Bool = false) throws -> Aggregate {
        var account = Account.missing
        account.apply(.lifecycle(.created(Creation(system: .native, name: try AccountName("alice")))))
        account.apply(
            .accessKeys(
                .issued(
                    IssuedKey(id: keyID, kind: .key, label: nil, secretDigest: .sha256(of: Array(secret.utf8))))))
        if isRevoked { account.apply(.accessKeys(.revoked(keyID))) }
        if isBlocked { account.apply(.lifecycle(.blocked(reason: nil))) }
        return .account(account)
    }

    private func putAccount(isBlocked: Bool = false, isRevoked: Bool = false, elsewhere: Bool = false) throws {
        log.put(try state(isBlocked: isBlocked, isRevoked: isRevoked), at: account, version: 2, elsewhere: elsewhere)
        log.own(keyID.description, account)
    }

    private var keyText: String { "app.\(keyID):\(secret)" }

    @Test func `the root key is root, also with its name`() async throws {
        let authenticator = try authenticator()
        #expect(try await authenticator.caller(presenting: .bearer(rootText), from: client).isRoot)
        #expect(try await authenticator.caller(presenting: .basic(name: "app", key: rootText), from: client).isRoot)
        await #expect(throws: Failure.unauthorized) {
            try await authenticator.caller(presenting: .basic(name: "other", key: rootText), from: client)
        }
        await #expect(throws: Failure.unauthorized) {
            try await authenticator.caller(presenting: .bearer(rootText + "x"), from: client)
        }
    }

    @Test func `a root key with a short secret is refused`() {
        #expect(throws: RootKey.Invalid.secretTooShort) { try RootKey("app.root:short") }
        #expect(throws: RootKey.Invalid.malformed) { try RootKey("no key at all") }
    }

    @Test func `an issued key is its account, and is looked up once`() async throws {
        try putAccount()
        let authenticator = try authenticator()
        for _ in 0..<3 {
            let caller = try await authenticator.caller(presenting: .bearer(keyText), from: client)
            #expect(caller.principal == .account(account))
            #expect(caller.credential == .key(keyID))
            #expect(caller.seen == [SeenStream(stream: account, version: 2, position: 2)])
        }
        #expect(log.looks == 1)
    }

    @Test(arguments: ["alice", "00000000-0000-4001-8000-000000000002"])
    func `with Basic the name or the id must be the account's`(name: String) async throws {
        try putAccount()
        let authenticator = try authenticator()
        let caller = try await authenticator.caller(presenting: .basic(name: name, key: keyText), from: client)
        #expect(caller.account == account)
    }

    @Test func `wrong names, secrets, applications and texts are all the same`() async throws {
        try putAccount()
        let authenticator = try authenticator()
        let wrong: [Credential] = [
            .basic(name: "bob", key: keyText), .bearer(keyText + "x"), .bearer("other.\(keyID):\(secret)"),
            .bearer("app.aaaaaa:\(secret)"), .bearer("garbage"), .bearer("app.:"), .basic(name: "alice", key: ""),
        ]
        for credential in wrong {
            await #expect(throws: Failure.unauthorized) {
                try await authenticator.caller(presenting: credential, from: client)
            }
        }
    }

    @Test func `a key that was revoked after it was seen is refused`() async throws {
        try putAccount()
        let authenticator = try authenticator()
        _ = try await authenticator.caller(presenting: .bearer(keyText), from: client)
        try putAccount(isRevoked: true)
        await #expect(throws: Failure.unauthorized) {
            try await authenticator.caller(presenting: .bearer(keyText), from: client)
        }
    }

    @Test func `a blocked account is told so, but only with a right credential`() async throws {
        try putAccount(isBlocked: true)
        let authenticator = try authenticator()
        await #expect(throws: Failure.callerBlocked) {
            try await authenticator.caller(presenting: .bearer(keyText), from: client)
        }
        await #expect(throws: Failure.unauthorized) {
            try await authenticator.caller(presenting: .bearer(keyText + "x"), from: client)
        }
    }

    @Test func `a key issued on another gateway a moment ago is found`() async throws {
        try putAccount(isRevoked: true)
        try putAccount(elsewhere: true)
        let caller = try await authenticator().caller(presenting: .bearer(keyText), from: client)
        #expect(caller.account == account)
    }

    @Test func `only wrong credentials are counted`() async throws {
        try putAccount()
        let authenticator = try authenticator(failures: AttemptLimiter(attempts: 2, refillSeconds: 60) { 0 })
        for _ in 0..<2 {
            await #expect(throws: Failure.unauthorized) {
                try await authenticator.caller(presenting: .bearer("garbage"), from: client)
            }
        }
        await #expect(throws: Failure.tooManyAttempts(retryAfterSeconds: 60)) {
            try await authenticator.caller(presenting: .bearer("garbage"), from: client)
        }
        #expect(try await authenticator.caller(presenting: .bearer(keyText), from: client).account == account)
    }

    // MARK: Access tokens

    @Test func `a token opens to what was sealed`() throws {
        let token = tokens.issue(to: account, .identity, acr: 3, passwordRevision: 4, lifetimeSeconds: 60)
        #expect(tokens.open(try tokens.seal(token)) == token)
        #expect(!tokens.hasExpired(token))
        #expect(tokens.hasExpired(tokens.issue(to: account, .account, lifetimeSeconds: 0)))
    }

    @Test func `a changed token, or one of another key, does not open`() throws {
        let text = try tokens.seal(tokens.issue(to: account, .account, lifetimeSeconds: 60))
        for index in text.indices {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "A" ? "B" : "A")
            #expect(tokens.open(changed) == nil)
        }
        #expect(AccessTokens(key: SymmetricKey(size: .bits256)).open(text) == nil)
        #expect(tokens.open("") == nil)
    }

    @Test func `a token ends by time, by revocation and by a new password`() async throws {
        try putAccount()
        let authenticator = try authenticator()
        let token = tokens.issue(to: account, .account, passwordRevision: 0, lifetimeSeconds: 60)
        let text = try tokens.seal(token)
        #expect(try await authenticator.caller(presenting: .bearer(text), from: client).account == account)
        let expired = try tokens.seal(tokens.issue(to: account, .account, lifetimeSeconds: -1))
        await #expect(throws: Failure.unauthorized) {
            try await authenticator.caller(presenting: .bearer(expired), from: client)
        }
        guard case .account(let living) = try state() else { return }
        let ends: [AccountEvent] = [
            .tokens(.revoked(token.id, expiresAt: token.expiresAt)), .password(.set(.argon2id(phc: "x"))),
        ]
        for end in ends {
            var changed = living
            changed.apply(end)
            log.put(.account(changed), at: account, version: 3)
            await #expect(throws: Failure.unauthorized) {
                try await authenticator.caller(presenting: .bearer(text), from: client)
            }
        }
    }

    @Test func `an identity's token acts for its account, unless that is blocked`() async throws {
        try putAccount()
        let stream = StreamID(version4From: 3, 4)
        var identity = Identity.missing
        identity.apply(.created(try Identifier("a@example.org")))
        identity.apply(.linked(account))
        log.put(.identity(identity), at: stream, version: 2)
        let authenticator = try authenticator()
        let text = try tokens.seal(tokens.issue(to: stream, .identity, acr: 2, lifetimeSeconds: 60))
        let caller = try await authenticator.caller(presenting: .bearer(text), from: client)
        #expect(caller.principal == .identity(stream, acr: 2, account: account))
        #expect(caller.seen.map(\.stream) == [stream, account])
        try putAccount(isBlocked: true)
        await #expect(throws: Failure.callerBlocked) {
            try await authenticator.caller(presenting: .bearer(text), from: client)
        }
    }

    @Test func `Authorization headers are read strictly`() throws {
        guard case .bearer("abc")? = Credential(authorization: "bEARER  abc") else {
            Issue.record("no bearer")
            return
        }
        guard case .basic("alice", "app.k:s")? = Credential(authorization: "Basic YWxpY2U6YXBwLms6cw==") else {
            Issue.record("no basic")
            return
        }
        for text in ["", "Bearer", "Bearer ", "Basic !!", "Basic YWxpY2U=", "Digest abc", "Bearer a b"] {
            #expect(Credential(authorization: text) == nil)
        }
    }

    @Test func `a key string prints without its secret`() throws {
        let key = try #require(KeyString("app.abcdef:se:cret"))
        #expect("\(key)" == "app.abcdef:***")
        #expect(key.secret == "se:cret")
        #expect(KeyString("app:abcdef") == nil)
    }
}
