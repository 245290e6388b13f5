/// How remotes may authenticate to the account's domains (m-ld).
public struct RemotesAuth: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Deletes some modes, then inserts some.
        case patch(insert: [RemoteAuthMode], delete: [RemoteAuthMode])
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// These modes were added.
        case inserted([RemoteAuthMode])
        /// These modes were taken away.
        case deleted([RemoteAuthMode])
    }

    /// There is nothing to refuse.
    public enum Refusal: Error, Sendable, Equatable {}

    /// The modes that were patched in, in canonical order.
    public private(set) var modes: [RemoteAuthMode] = []

    /// The modes in force: an empty set means `key`.
    public var effective: [RemoteAuthMode] { modes.isEmpty ? [.key] : modes }

    init() {}

    func decide(_ command: Command) -> [Event] {
        switch command {
        case .patch(let insert, let delete):
            let wanted = RemoteAuthMode.allCases.filter {
                insert.contains($0) || (modes.contains($0) && !delete.contains($0))
            }
            let deleted = modes.filter { !wanted.contains($0) }
            let inserted = wanted.filter { !modes.contains($0) }
            return (deleted.isEmpty ? [] : [.deleted(deleted)]) + (inserted.isEmpty ? [] : [.inserted(inserted)])
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .inserted(let new): modes = RemoteAuthMode.allCases.filter { modes.contains($0) || new.contains($0) }
        case .deleted(let old): modes.removeAll { old.contains($0) }
        }
    }
}
