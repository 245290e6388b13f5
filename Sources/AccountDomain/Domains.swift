/// The domains that were registered below the account (m-ld); their contents lie elsewhere.
public struct Domains: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Registers a domain, once.
        case create(DomainName)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A domain was registered.
        case created(DomainName)
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// There are as many of this sort as there may be.
        case tooMany
    }

    /// How many there may be of each sort: those that somebody named, and those whose name was drawn.
    ///
    /// They are counted apart, for where anybody may ask for a drawn one, nobody shall use up the owner's names so.
    public static let maximum = 1_000

    private var named: Set<DomainName> = []
    private var drawn: Set<DomainName> = []

    init() {}

    /// How many there are.
    public var count: Int { named.count + drawn.count }

    /// Whether a domain was registered.
    public func contains(_ name: DomainName) -> Bool { name.isDrawn ? drawn.contains(name) : named.contains(name) }

    func decide(_ command: Command) throws(Refusal) -> [Event] {
        switch command {
        case .create(let name):
            if contains(name) { return [] }
            guard (name.isDrawn ? drawn : named).count < Self.maximum else { throw .tooMany }
            return [.created(name)]
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .created(let name):
            if name.isDrawn { drawn.insert(name) } else { named.insert(name) }
        }
    }
}
