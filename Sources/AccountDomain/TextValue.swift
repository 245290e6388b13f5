/// A text that keeps a rule: from outside, the throwing `init` is the only way in.
public protocol TextValue: Hashable, Sendable {
    /// The text.
    var text: String { get }
    /// Takes a text that keeps the rule.
    ///
    /// - Throws: ``ValidationError`` naming the rule that is broken.
    init(_ text: String) throws(ValidationError)
    /// Takes a text that kept the rule when it was written to the log.
    init(stored text: String)
}

/// The rule that a value breaks, in words that complete "must …".
public struct ValidationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The rule.
    public let rule: String

    /// A broken rule.
    public init(_ rule: String) { self.rule = rule }

    /// `must` and the rule.
    public var description: String { "must \(rule)" }
}

extension TextValue {
    static func check(_ isKept: Bool, _ rule: String) throws(ValidationError) {
        guard isKept else { throw ValidationError(rule) }
    }
}

extension String {
    /// Whether it has so many characters, none of them a control character.
    func isPlain(_ count: ClosedRange<Int>) -> Bool {
        let scalars = unicodeScalars
        return count.contains(scalars.count) && scalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }
}
