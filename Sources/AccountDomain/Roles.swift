/// What the account is in its Space.
public struct Roles: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Grants a role.
        case grant(AccountRole)
        /// Withdraws it.
        case withdraw(AccountRole)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A role was granted.
        case granted(AccountRole)
        /// A role was withdrawn.
        case withdrawn(AccountRole)
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// The account belongs to no Space that it could administer.
        case noSpace
    }

    /// Whether it is an administrator.
    public private(set) var isAdmin = false

    init() {}

    func decide(_ command: Command, hasSpace: Bool) throws(Refusal) -> [Event] {
        switch command {
        case .grant(let role):
            guard hasSpace else { throw .noSpace }
            return isAdmin ? [] : [.granted(role)]
        case .withdraw(let role): return isAdmin ? [.withdrawn(role)] : []
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .granted(.admin): isAdmin = true
        case .withdrawn(.admin): isAdmin = false
        }
    }
}
