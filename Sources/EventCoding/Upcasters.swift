public import AccountDomain
public import StrictJSON

/// What is known of an event's box when the event is decoded.
public enum EventBox: Sendable, Equatable {
    /// What it held; empty when the event has none.
    case opened(BoxContent)
    /// The person was erased: the key is destroyed, and what the box held is gone for good.
    case erased
}

/// Lifts one version of a stored type to the next one: a pure function over the decoded parts.
public struct Upcaster: Sendable {
    /// An event's parts between two versions.
    public struct Parts: Sendable, Equatable {
        /// What stood in clear.
        public var data: JSONObject
        /// The box; an upcaster has to do with ``EventBox/erased`` too, and must not ask for what is gone.
        public var box: EventBox

        /// Parts of an event.
        public init(data: JSONObject, box: EventBox) {
            self.data = data
            self.box = box
        }
    }

    /// The stored type that it takes, such as `backup.replaced.v1`.
    public let from: String
    /// The type that it makes of it, such as `backup.replaced.v2`.
    public let to: String
    let lift: @Sendable (Parts) throws(EventCodingError) -> Parts

    /// An upcaster.
    ///
    /// - Parameters:
    ///   - from: The older type.
    ///   - to: The next one.
    ///   - lift: Makes the next one's parts; throws ``EventCodingError/malformed(_:)`` naming a member of ours.
    public init(
        from: String, to: String, _ lift: @escaping @Sendable (Parts) throws(EventCodingError) -> Parts
    ) {
        self.from = from
        self.to = to
        self.lift = lift
    }
}

/// The chain of upcasters: each version of a type is lifted to the next, until a decoder knows it.
public struct Upcasters: Sendable {
    /// Those of this program: none yet, for every type is at its first version.
    public static let shipped = Upcasters([])

    private let byType: [String: Upcaster]

    /// A chain of steps; of each type one step leads on.
    public init(_ steps: [Upcaster]) {
        byType = Dictionary(steps.map { ($0.from, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The old versions.
    var types: [String] { Array(byType.keys) }

    /// Whether a type is an old version.
    func knows(_ type: String) -> Bool { byType[type] != nil }

    /// The newest version of an event.
    ///
    /// - Throws: What an upcaster throws; ``EventCodingError/malformed(_:)`` when the steps lead in a circle.
    func lift(_ type: String, _ parts: Upcaster.Parts) throws(EventCodingError) -> (type: String, Upcaster.Parts) {
        var (type, parts) = (type, parts)
        for _ in 0...byType.count {
            guard let step = byType[type] else { return (type, parts) }
            parts = try step.lift(parts)
            type = step.to
        }
        throw .malformed("chain of upcasters")
    }
}

/// What a stored event tells.
public enum DecodedEvent: Sendable, Equatable {
    /// What happened.
    case known(DomainEvent)
    /// Only the box could tell, and the person was erased.
    case erased

    /// What happened, if that can be told.
    public var event: DomainEvent? {
        if case .known(let event) = self { event } else { nil }
    }
}
