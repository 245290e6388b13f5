/// How large a JSON text may be in each direction.
///
/// The text itself is bounded by whoever received it; these bound what it costs once read.
public struct JSONLimits: Sendable, Equatable {
    /// The limits of request bodies.
    public static let `default` = JSONLimits()

    /// The deepest nesting ever read, whatever a caller asks for: reading recurses, and stacks are finite.
    static let deepest = 512

    /// How many arrays and objects may be open at once.
    public var depth: Int
    /// The longest string value, in bytes of its unescaped UTF-8.
    public var stringBytes: Int
    /// The longest key, in bytes of its unescaped UTF-8.
    public var keyBytes: Int
    /// The longest number, in characters.
    public var numberBytes: Int
    /// The most members of one object.
    public var members: Int
    /// The most elements of one array.
    public var elements: Int
    /// The most values in the whole text, containers and their contents together.
    public var values: Int

    /// Creates limits; what is not named has its default.
    public init(
        depth: Int = 32,
        stringBytes: Int = 64 << 20,
        keyBytes: Int = 1_024,
        numberBytes: Int = 64,
        members: Int = 10_000,
        elements: Int = 100_000,
        values: Int = 1_000_000
    ) {
        self.depth = min(depth, Self.deepest)
        self.stringBytes = stringBytes
        self.keyBytes = keyBytes
        self.numberBytes = numberBytes
        self.members = members
        self.elements = elements
        self.values = values
    }
}
