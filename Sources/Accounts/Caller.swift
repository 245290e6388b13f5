public import AccountDomain
import EventCoding

/// Who a credential turned out to be.
public enum Principal: Sendable, Equatable {
    /// The holder of the root key.
    case root
    /// An account, by one of its keys or by a log-in.
    case account(AccountID)
    /// An identity, with the strength of its log-in.
    case identity(IdentityID, acr: Int, account: AccountID?)
    /// Nobody in particular.
    case anonymous
}

/// A principal, and what must still hold of its streams for it to act.
///
/// What a gateway has cached may be a second old, so every command asserts, and every read probes, that the caller's
/// streams have not moved since: a revoked key or a blocked account stops at once on every gateway (docs/log.md).
public struct Caller: Sendable, Equatable {
    /// What the credential rests on.
    public enum Credential: Sendable, Equatable {
        /// The root key, or none.
        case fixed
        /// A key of the account.
        case key(KeyID)
        /// An access token; `passwordRevision` when it came from a log-in by password.
        case token(TokenID, passwordRevision: Int?)
    }

    /// Who it is.
    public let principal: Principal
    /// What the credential rests on.
    public let credential: Credential
    /// The streams that the credential rests on, as they were when it was checked.
    public let seen: [SeenStream]

    /// A caller whose credential was checked.
    public init(_ principal: Principal, _ credential: Credential = .fixed, seen: [SeenStream] = []) {
        self.principal = principal
        self.credential = credential
        self.seen = seen
    }

    /// A caller without a credential.
    public static let anonymous = Caller(.anonymous)
    /// The holder of the root key.
    public static let root = Caller(.root)

    /// The strength of a log-in from which on an identity acts for its account (docs/misakey.md).
    public static let actingStrength = 2

    /// The account that it is, or acts for; an identity that logged in by a mailed code alone acts for none.
    public var account: AccountID? {
        switch principal {
        case .account(let id): id
        case .identity(_, let acr, let account): acr < Self.actingStrength ? nil : account
        case .root, .anonymous: nil
        }
    }

    /// Whether it holds the root key.
    public var isRoot: Bool { principal == .root }

    /// The streams that a decision by this caller rests on.
    public var streams: [StreamID] {
        switch principal {
        case .account(let id): [id]
        case .identity(let id, _, let account): account.map { [id, $0] } ?? [id]
        case .root, .anonymous: []
        }
    }

    var actor: Actor {
        switch principal {
        case .root: Actor(.root)
        case .account(let id): Actor(.account, id: id)
        case .identity(let id, _, _): Actor(.identity, id: id)
        case .anonymous: Actor(.anonymous)
        }
    }

    /// What stands for the caller in the id of a keyed command; anonymous callers are told apart by the request alone.
    public var scope: [UInt8] {
        switch principal {
        case .root: Array("root".utf8)
        case .account(let id): Array("account".utf8) + id.bytes
        case .identity(let id, _, _): Array("identity".utf8) + id.bytes
        case .anonymous: Array("anonymous".utf8)
        }
    }

    /// Checks that the credential still holds against the streams' present states.
    ///
    /// - Throws: ``Failure/unauthorized`` when the key or token ended, ``Failure/callerBlocked`` when the account is blocked.
    public func verify(_ aggregate: (StreamID) -> Aggregate) throws(Failure) {
        switch principal {
        case .root, .anonymous: return
        case .account(let id):
            guard case .account(let account) = aggregate(id) else { throw .unauthorized }
            try verify(account)
        case .identity(let id, _, let linked):
            guard case .identity(let identity) = aggregate(id), !identity.isEnded else { throw .unauthorized }
            if case .token(let token, _) = credential, identity.isRevoked(token) { throw .unauthorized }
            guard identity.account == linked else { throw .unauthorized }
            if let linked, case .account(let account) = aggregate(linked), account.lifecycle.isBlocked {
                throw .callerBlocked
            }
        }
    }

    private func verify(_ account: Account) throws(Failure) {
        guard account.lifecycle.isLiving else { throw .unauthorized }
        switch credential {
        case .fixed: break
        case .key(let id): guard account.accessKeys.isLiving(id) else { throw .unauthorized }
        case .token(let token, let revision):
            if account.tokens.isRevoked(token) { throw .unauthorized }
            if let revision, account.password.revision != revision { throw .unauthorized }
        }
        if account.lifecycle.isBlocked { throw .callerBlocked }
    }
}

/// A stream as it was seen: a read probes whether it has moved since.
public struct SeenStream: Sendable, Equatable {
    /// The stream.
    public let stream: StreamID
    /// Its version then.
    public let version: Int32
    /// The position up to which that is known.
    public let position: Int64

    /// A stream at a version, known up to a position.
    public init(stream: StreamID, version: Int32, position: Int64) {
        self.stream = stream
        self.version = version
        self.position = position
    }
}
