/// How names of new domains of the account may come about (m-ld).
public struct Naming: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Deletes some contexts, then inserts some.
        case patch(insert: [NamingContext], delete: [NamingContext])
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// These contexts were added.
        case inserted([NamingContext])
        /// These contexts were taken away.
        case deleted([NamingContext])
    }

    /// There is nothing to refuse.
    public enum Refusal: Error, Sendable, Equatable {}

    /// The contexts that were patched in, in canonical order.
    public private(set) var contexts: [NamingContext] = []

    init() {}

    func decide(_ command: Command) -> [Event] {
        switch command {
        case .patch(let insert, let delete):
            let wanted = NamingContext.allCases.filter {
                insert.contains($0) || (contexts.contains($0) && !delete.contains($0))
            }
            let deleted = contexts.filter { !wanted.contains($0) }
            let inserted = wanted.filter { !contexts.contains($0) }
            return (deleted.isEmpty ? [] : [.deleted(deleted)]) + (inserted.isEmpty ? [] : [.inserted(inserted)])
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .inserted(let new): contexts = NamingContext.allCases.filter { contexts.contains($0) || new.contains($0) }
        case .deleted(let old): contexts.removeAll { old.contains($0) }
        }
    }
}
