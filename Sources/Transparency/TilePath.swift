/// The address of a tile or an entry bundle below a log's prefix: `tile/<L>/<N>[.p/<W>]` (C2SP tlog-tiles).
///
/// Each address has one spelling; any other is refused.
public struct TilePath: Sendable, Hashable, CustomStringConvertible {
    /// What is addressed.
    public enum Content: Sendable, Hashable {
        /// Hashes of a level, 0 to 63.
        case hashes(level: Int)
        /// Entries.
        case entries
    }

    /// What is addressed.
    public let content: Content
    /// Place within the level, counted from 0.
    public let index: Int64
    /// How many hashes or entries are asked for: 1 to 255 of a partial tile, 256 of a full one.
    public let width: Int

    /// An address; nil when level, index or width is out of range.
    public init?(_ content: Content, index: Int64, width: Int = HashTile.width) {
        if case .hashes(let level) = content, !(0...63).contains(level) { return nil }
        guard index >= 0, (1...HashTile.width).contains(width) else { return nil }
        self.content = content
        self.index = index
        self.width = width
    }

    /// Reads a path that begins with `tile/`, without the log's prefix in front; nil unless it is spelt exactly so.
    public init?(_ path: String) {
        // The longest: tile/entries/, six groups of x###/ and one of three digits, .p/255.
        guard path.utf8.count <= 64 else { return nil }
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)[...]
        guard parts.popFirst() == "tile", let kind = parts.popFirst() else { return nil }
        let content: Content
        if kind == "entries" {
            content = .entries
        } else {
            guard let level = Decimal.parse(kind) else { return nil }
            content = .hashes(level: Int(clamping: level))
        }
        var width = HashTile.width
        if parts.count > 1, let group = parts.dropLast().last, group.hasSuffix(".p") {
            guard let text = parts.popLast(), let number = Decimal.parse(text), number < HashTile.width,
                parts.popLast() != nil
            else { return nil }
            width = Int(number)
            parts.append(String(group.dropLast(2)))
        }
        guard let last = parts.popLast(), parts.allSatisfy({ $0.utf8.first == UInt8(ascii: "x") }),
            let index = Self.index(of: parts.map { String($0.dropFirst()) } + [last])
        else { return nil }
        self.init(content, index: index, width: width)
        // Whatever is spelt otherwise than it would be printed is another address, hence none.
        guard description == path else { return nil }
    }

    /// The path as `init` reads it.
    public var description: String {
        let kind =
            switch content {
            case .hashes(let level): String(level)
            case .entries: "entries"
            }
        var groups = [Self.threeDigits(index % 1000)]
        var rest = index / 1000
        while rest > 0 {
            groups.append("x" + Self.threeDigits(rest % 1000))
            rest /= 1000
        }
        let suffix = width < HashTile.width ? ".p/\(width)" : ""
        return "tile/\(kind)/" + groups.reversed().joined(separator: "/") + suffix
    }

    private static func threeDigits(_ number: Int64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }

    private static func index(of groups: [String]) -> Int64? {
        guard groups.allSatisfy({ $0.utf8.count == 3 && $0.utf8.allSatisfy(Decimal.isDigit) }) else { return nil }
        return Int64(groups.joined())
    }
}

/// Decimal numbers as the C2SP texts spell them.
enum Decimal {
    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// The number, nil when there is a sign, a leading zero or anything but digits, or more than an Int64 holds.
    static func parse(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy(isDigit), text == "0" || text.utf8.first != UInt8(ascii: "0") else {
            return nil
        }
        return Int64(text)
    }
}
