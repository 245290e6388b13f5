/// The parameters of a query string, parsed strictly.
///
/// Every name occurs once; `+` stays a plus sign (RFC 3986); a parameter without `=` has an empty value. What the
/// parameters mean, and which are unknown, is the handler's to say.
public struct Query: Sendable, Equatable {
    private var pairs: [(name: String, value: String)] = []

    /// A query without parameters.
    public static let empty = Query()

    private init() {}

    /// Parses what stands behind the question mark.
    ///
    /// - Throws: `malformed-request` for a bad escape, text that is no UTF-8, or a name given twice.
    public init(parsing text: Substring) throws(Problem) {
        for part in text.split(separator: "&") {
            let equals = part.firstIndex(of: "=")
            guard let name = PercentDecoding.decode(part[..<(equals ?? part.endIndex)]),
                let value = equals.map({ PercentDecoding.decode(part[part.index(after: $0)...]) }) ?? ""
            else {
                throw Problem(.malformedRequest, "The query string is not percent-encoded UTF-8.")
            }
            guard self[name] == nil else {
                throw Problem(.malformedRequest, "A query parameter is given twice.")
            }
            guard pairs.count < 100 else { throw Problem(.malformedRequest, "Too many query parameters.") }
            pairs.append((name, value))
        }
    }

    /// Whether there is no parameter.
    public var isEmpty: Bool { pairs.isEmpty }

    /// The names, in the order given.
    public var names: [String] { pairs.map(\.name) }

    /// The decoded value of the parameter `name`, nil when it is absent.
    public subscript(_ name: String) -> String? {
        for pair in pairs where pair.name == name { return pair.value }
        return nil
    }

    /// Refuses parameters that the route does not know.
    ///
    /// - Throws: `malformed-request`.
    public func refuseUnknown(_ allowed: String...) throws(Problem) {
        for pair in pairs where !allowed.contains(pair.name) {
            throw Problem(.malformedRequest, "The request has a query parameter that this route does not know.")
        }
    }

    /// The integer value of `name`, or nil when it is absent.
    ///
    /// - Throws: `malformed-request` when it is not a decimal integer in `range`.
    public func integer(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        guard let text = self[name] else { return nil }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let value = Int64(text),
            range.contains(value)
        else {
            throw Problem(
                .malformedRequest,
                "The query parameter \(name) must be an integer from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    /// The truth value of `name` (`true` or `false`), or nil when it is absent.
    ///
    /// - Throws: `malformed-request` for any other value.
    public func bool(_ name: String) throws(Problem) -> Bool? {
        switch self[name] {
        case nil: return nil
        case "true": return true
        case "false": return false
        default: throw Problem(.malformedRequest, "The query parameter \(name) must be true or false.")
        }
    }

    /// Compares names and values, in order.
    public static func == (left: Query, right: Query) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0 == $1 }
    }
}
