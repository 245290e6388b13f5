/// The request methods that routes can be registered for.
///
/// HEAD and OPTIONS are derived: HEAD from GET, OPTIONS from what the path knows.
public enum Method: UInt8, Sendable, CaseIterable {
    case get, head, post, put, patch, delete, options

    /// The token as it stands in the request line.
    public var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        }
    }
}

/// A set of methods in one byte, in the order `Allow` lists them.
struct MethodSet: OptionSet, Sendable {
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }
    init(_ method: Method) { self.rawValue = 1 << method.rawValue }

    /// The value of the `Allow` header.
    var allow: String {
        Method.allCases.filter { contains(MethodSet($0)) }.map(\.name).joined(separator: ", ")
    }
}
