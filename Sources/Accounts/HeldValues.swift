public import AccountDomain

/// The unique values that a stream holds by what happened in it: what the use cases took and did not give up.
///
/// `verify` recomputes reservations from it. Whoever makes a use case take another kind of value names it here.
public enum HeldValues {
    /// A value in its namespace, folded as it was claimed.
    public struct Value: Sendable, Hashable {
        /// The kind of value.
        public let namespace: Namespace
        /// The value.
        public let text: String
    }

    /// The namespaces that ``of(_:stream:)`` tells of; of others nothing is known.
    public static let namespaces: Set<Namespace> = [
        .accountName, .identity, .keyID, .misakeyRootKey, .spaceDomain, .spaceHost, .spaceName,
    ]

    /// How the stored types of events begin that cannot change what a stream holds.
    ///
    /// Most events of a log are of these, so whoever recomputes reservations need not decode them.
    public static let independentTypes = [
        "backup.", "device.", "remotes_auth.", "naming.", "domain.", "recovery.", "password.",
    ]

    /// Whether events of a stored type can change what a stream holds.
    public static func dependsOn(_ type: String) -> Bool { !independentTypes.contains { type.hasPrefix($0) } }

    /// What a living stream holds.
    public static func of(_ aggregate: Aggregate, stream: StreamID) -> [Value] {
        switch aggregate {
        case .empty, .deployment, .activation: return []
        case .account(let account):
            guard account.lifecycle.isLiving else { return [] }
            return account.accessKeys.keys.map { Value(namespace: .keyID, text: $0.id.description) }
                + (account.secretStorage.rootKey.map { [Value(namespace: .misakeyRootKey, text: $0.hash)] } ?? [])
                + (account.profile.name.map { [Value(namespace: .accountName, text: $0.text)] } ?? [])
        case .identity(let identity):
            return identity.isEnded
                ? [] : identity.identifier.map { [Value(namespace: .identity, text: $0.text)] } ?? []
        case .space(let space):
            guard let settings = space.settings else { return [] }
            return [
                Value(namespace: .spaceDomain, text: settings.domain.text),
                Value(namespace: .spaceName, text: settings.name.text),
            ] + (settings.host.map { [Value(namespace: .spaceHost, text: $0.text)] } ?? [])
        }
    }

    /// The addresses that an account holds within a Space that wants them unique.
    public static func emails(of aggregate: Aggregate) -> [Value] {
        guard case .account(let account) = aggregate, account.lifecycle.isLiving, let space = account.lifecycle.space
        else { return [] }
        return account.profile.emails.map {
            Value(namespace: .spaceEmail, text: AccountService.emailClaim($0, in: space))
        }
    }
}
