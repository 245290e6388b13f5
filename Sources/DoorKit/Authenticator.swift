import AccountDomain
public import Accounts
import EventCoding

/// Finds out who a credential belongs to, and whether it still holds.
///
/// A credential that was seen before costs one SHA-256, one look into a dictionary and one look at the cached state of
/// its stream. What is cached of a stream may be a second old, so commands assert and reads probe that it has not moved.
public final class Authenticator: Sendable {
    /// The access tokens of the deployment.
    public let tokens: AccessTokens

    private let log: any EventLog
    private let root: RootKey
    private let failures: AttemptLimiter
    private let cache: CredentialCache

    /// Makes one.
    ///
    /// `failures` bounds the wrong credentials of each client network, and never counts a right one. At most
    /// `cacheLimit` credentials are remembered.
    public init(
        log: any EventLog, root: RootKey, tokens: AccessTokens,
        failures: AttemptLimiter = AttemptLimiter(attempts: 60, refillSeconds: 1), cacheLimit: Int = 65_536
    ) {
        self.log = log
        self.root = root
        self.tokens = tokens
        self.failures = failures
        cache = CredentialCache(limit: cacheLimit)
    }

    // MARK: Requests

    /// Who sends a request; anonymous without an `Authorization` header.
    ///
    /// - Throws: `malformed-request` for several headers; ``Failure/unauthorized``, ``Failure/callerBlocked``,
    ///   ``Failure/tooManyAttempts(retryAfterSeconds:)``.
    public func caller(of request: DoorRequest) async throws -> Caller {
        guard let value = try request.header("Authorization") else { return .anonymous }
        if root.isPresented(by: value) { return .root }
        guard let credential = Credential(authorization: value) else { throw Failure.unauthorized }
        return try await caller(presenting: credential, from: request.clientAddress)
    }

    /// Runs `body` for whoever sends a request, and again when the caller's streams turn out to have moved since its
    /// credential was checked.
    ///
    /// - Throws: what `body` throws, with ``ReadFailure/failed(_:)`` taken off; as `caller(of:)`.
    public func withCaller<Answer: Sendable>(
        _ request: DoorRequest, _ body: (Caller) async throws -> Answer
    ) async throws -> Answer {
        var caller = try await caller(of: request)
        // Once is enough unless another gateway writes the stream in this very moment.
        for _ in 0..<3 {
            do {
                return try await body(caller)
            } catch ReadFailure.callerMoved {
                caller.streams.forEach(log.forget)
                caller = try await self.caller(of: request)
            } catch ReadFailure.failed(let failure) {
                throw failure
            }
        }
        throw Failure.unavailable(retryAfterSeconds: 1)
    }

    /// Who presents a credential.
    ///
    /// - Throws: ``Failure/unauthorized``, ``Failure/callerBlocked`` for a right one,
    ///   ``Failure/tooManyAttempts(retryAfterSeconds:)`` in place of `unauthorized` for too many wrong ones.
    public func caller(presenting credential: Credential, from client: NetworkAddress) async throws(Failure) -> Caller {
        do {
            switch credential {
            case .bearer(let text):
                let digest = Digest.sha256(of: Array(text.utf8))
                if root.matches(digest) { return .root }
                return try await caller(text, name: nil, digest)
            case .basic(let name, let key):
                let isRootKey = root.matches(Digest.sha256(of: Array(key.utf8)))
                if isRootKey, name == root.applicationID { return .root }
                // No bearer credential holds a blank, so none has the digest of one of these.
                return try await caller(key, name: name, Digest.sha256(of: Array("basic \(name):\(key)".utf8)))
            }
        } catch .unauthorized {
            if let seconds = failures.secondsToWait(takingFor: client.network) {
                throw .tooManyAttempts(retryAfterSeconds: seconds)
            }
            throw .unauthorized
        }
    }

    // MARK: Keys and tokens

    private func caller(_ text: String, name: String?, _ digest: Digest) async throws(Failure) -> Caller {
        switch cache[digest] {
        case .key(let id, let account, let name): return try await caller(id, nil, of: account, name: name)
        case .token(let token): return try await caller(token)
        case nil: break
        }
        if let key = KeyString(text) {
            guard key.applicationID == root.applicationID, let id = KeyID(key.keyID),
                let account = try await log.owner(of: id.description, in: .keyID)
            else { throw .unauthorized }
            let secret = Digest.sha256(of: Array(key.secret.utf8))
            let caller = try await caller(id, secret, of: account, name: name)
            cache.remember(.key(id, account: account, name: name), for: digest)
            return caller
        }
        guard name == nil, let token = tokens.open(text) else { throw .unauthorized }
        let caller = try await caller(token)
        cache.remember(.token(token), for: digest)
        return caller
    }

    /// The holder of a key; `secret` is nil when it was compared before, for a key's secret never changes.
    private func caller(
        _ id: KeyID, _ secret: Digest?, of stream: AccountID, name: String?
    ) async throws(Failure) -> Caller {
        var state = try await log.state(of: stream)
        var entry = Self.key(id, in: state)
        if entry == nil {
            // Perhaps it was issued on another gateway a moment ago.
            log.forget(stream)
            state = try await log.state(of: stream)
            entry = Self.key(id, in: state)
        }
        guard let entry, case .account(let account) = state.aggregate else { throw .unauthorized }
        if let secret, entry.secretDigest != secret { throw .unauthorized }
        if let name, name != account.profile.name?.text, name != stream.description { throw .unauthorized }
        return try await verified([state]) { Caller(.account(stream), .key(id), seen: $0.map { SeenStream($0) }) }
    }

    /// The caller that states make, once it is let through; a refusal that rests on what is cached, perhaps a second
    /// old, is given only when it still holds on states read anew.
    private func verified(
        _ states: [StreamState], _ make: ([StreamState]) -> Caller
    ) async throws(Failure) -> Caller {
        func check(_ states: [StreamState]) throws(Failure) -> Caller {
            let caller = make(states)
            try caller.verify { stream in states.first { $0.stream == stream }?.aggregate ?? .empty }
            return caller
        }
        do throws(Failure) { return try check(states) } catch {
            guard error == .callerBlocked || error == .unauthorized else { throw error }
            var fresh: [StreamState] = []
            for state in states {
                log.forget(state.stream)
                fresh.append(try await log.state(of: state.stream))
            }
            return try check(fresh)
        }
    }

    private static func key(_ id: KeyID, in state: StreamState) -> AccessKeys.Entry? {
        guard case .account(let account) = state.aggregate else { return nil }
        return account.accessKeys.living(id)
    }

    private func caller(_ token: AccessToken) async throws(Failure) -> Caller {
        guard !tokens.hasExpired(token) else { throw .unauthorized }
        let state = try await log.state(of: token.stream)
        let credential = Caller.Credential.token(token.id, passwordRevision: token.passwordRevision)
        switch (token.subject, state.aggregate) {
        case (.account, .account):
            return try await verified([state]) {
                Caller(.account(token.stream), credential, seen: $0.map { SeenStream($0) })
            }
        case (.identity, .identity(let identity)):
            var states = [state]
            if let account = identity.account { states.append(try await log.state(of: account)) }
            return try await verified(states) {
                Caller(
                    .identity(token.stream, acr: token.acr, account: identity.account), credential,
                    seen: $0.map { SeenStream($0) })
            }
        default: throw .unauthorized
        }
    }
}

extension SeenStream {
    /// A stream as its state was seen.
    fileprivate init(_ state: StreamState) {
        self.init(stream: state.stream, version: state.version, position: state.seen)
    }
}
