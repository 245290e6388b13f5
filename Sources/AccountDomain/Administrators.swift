/// Other accounts that administer this one (m-ld).
public struct Administrators: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Adds an administrator.
        case insert(AccountID)
        /// Removes one.
        case delete(AccountID)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// An administrator was added.
        case inserted(AccountID)
        /// One was removed.
        case deleted(AccountID)
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// There are as many as there may be.
        case tooMany
    }

    /// How many there may be.
    public static let maximum = 1_000

    /// The administrators, in the order they were added.
    public private(set) var accounts: [AccountID] = []

    init() {}

    func decide(_ command: Command) throws(Refusal) -> [Event] {
        switch command {
        case .insert(let account):
            if accounts.contains(account) { return [] }
            guard accounts.count < Self.maximum else { throw .tooMany }
            return [.inserted(account)]
        case .delete(let account): return accounts.contains(account) ? [.deleted(account)] : []
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .inserted(let account): accounts.append(account)
        case .deleted(let account): accounts.removeAll { $0 == account }
        }
    }
}
