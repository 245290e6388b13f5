/// The identities by which the person logs in (Misakey).
public struct LinkedIdentities: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Links an identity.
        case link(IdentityID)
        /// Unlinks one.
        case unlink(IdentityID)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// An identity was linked.
        case linked(IdentityID)
        /// One was unlinked, or ended.
        case unlinked(IdentityID)
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// It is the account's last.
        case last
        /// There are as many as there may be: an erasure ends them all in one append.
        case tooMany
    }

    /// How many there may be.
    public static let maximum = 12

    /// The identities, in the order they were linked.
    public private(set) var linked: [IdentityID] = []

    init() {}

    func decide(_ command: Command) throws(Refusal) -> [Event] {
        switch command {
        case .link(let identity):
            if linked.contains(identity) { return [] }
            guard linked.count < Self.maximum else { throw .tooMany }
            return [.linked(identity)]
        case .unlink(let identity):
            guard linked.contains(identity) else { return [] }
            guard linked.count > 1 else { throw .last }
            return [.unlinked(identity)]
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .linked(let identity): linked.append(identity)
        case .unlinked(let identity): linked.removeAll { $0 == identity }
        }
    }
}
