public import NIOCore
public import NIOHTTP1
public import StrictJSON

/// One request, complete with its body, as handlers see it.
///
/// The body has arrived and is within the route's limit before a handler is called, so a slow client never holds one.
public final class DoorRequest: Sendable {
    /// The method; for a HEAD this is `head`, and the handler may answer as for a GET.
    public let method: Method
    /// The path template of the route, for logs and fingerprints; empty when no route matched.
    public let template: String
    /// The path as it was sent, without the query.
    public let path: Substring
    /// The parameters of the query string; none when it cannot be read.
    public let query: Query
    /// Why the query cannot be read, for handlers of a door that defers refusals.
    public let queryProblem: Problem?
    /// Why the body cannot be read, for the same; there are no bytes then, or compressed ones.
    public let bodyProblem: Problem?
    /// The header fields as they came.
    public let headers: HTTPHeaders
    /// The body's bytes.
    public let body: ByteBuffer
    /// The id of the request, in every answer and log line.
    public let requestID: RequestID
    /// The peer of the connection, which may be a proxy.
    public let peerAddress: NetworkAddress

    private let values: [PathValue]
    private let proxies: TrustedProxies

    init(
        method: Method, template: String, path: Substring, values: [PathValue], query: Query,
        queryProblem: Problem?, headers: HTTPHeaders, body: ByteBuffer, bodyProblem: Problem?, requestID: RequestID,
        peerAddress: NetworkAddress, proxies: TrustedProxies
    ) {
        self.method = method
        self.template = template
        self.path = path
        self.values = values
        self.query = query
        self.queryProblem = queryProblem
        self.headers = headers
        self.body = body
        self.bodyProblem = bodyProblem
        self.requestID = requestID
        self.peerAddress = peerAddress
        self.proxies = proxies
    }

    /// The decoded value of the path parameter `name`.
    ///
    /// - Throws: `not-found` when the template has no such parameter; what is wrong with it when refusals are deferred.
    public func parameter(_ name: String) throws(Problem) -> String {
        for pair in values where pair.name == name { return try pair.value.get() }
        throw Problem.notFound
    }

    /// The client's address, with `X-Forwarded-For` honoured when the peer is a trusted proxy.
    public var clientAddress: NetworkAddress {
        proxies.client(peer: peerAddress, forwarded: headers["x-forwarded-for"])
    }

    // MARK: Headers

    /// The value of the header `name`, nil when it is absent.
    ///
    /// - Throws: `malformed-request` when the field occurs more than once.
    public func header(_ name: String) throws(Problem) -> String? {
        var found: String?
        for field in headers where Self.isSameName(field.name, name) {
            guard found == nil else {
                throw Problem(.malformedRequest, "The header \(name) is given twice.").about(.headers)
            }
            found = field.value
        }
        return found
    }

    private static func isSameName(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return zip(left.utf8, right.utf8).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }

    // MARK: Body

    /// Whether the request came with a body, of at least one byte.
    public var hasBody: Bool { body.readableBytes > 0 }

    /// The body's bytes as an array.
    public var bodyBytes: [UInt8] { Array(body.readableBytesView) }

    /// The body as any JSON value.
    ///
    /// - Throws: `unsupported-media-type` without `Content-Type: application/json`, `malformed-json`; ``bodyProblem``.
    public func json(limits: JSONLimits = .default) throws(Problem) -> JSONValue {
        if let bodyProblem { throw bodyProblem }
        guard let type = try header("Content-Type"), MediaType.isJSON(type) else {
            throw Problem(.unsupportedMediaType, "The body must come as application/json.")
        }
        let result = body.withUnsafeReadableBytes { bytes -> Result<JSONValue, JSONError> in
            bytes.withMemoryRebound(to: UInt8.self) { bytes in
                Result { () throws(JSONError) in try JSONReader.read(bytes, limits: limits) }
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw Problem(.malformedJSON, "The body is not strict JSON: \(error.description).")
        }
    }

    /// The body as a JSON object.
    ///
    /// - Throws: as `json`, and `invalid` when it is another kind of value.
    public func jsonObject(limits: JSONLimits = .default) throws(Problem) -> JSONObject {
        guard case .object(let object) = try json(limits: limits) else {
            throw Problem.invalid("", "An object is expected.")
        }
        return object
    }
}

/// A parameter of a path: decoded, or why that is not possible.
typealias PathValue = (name: String, value: Result<String, Problem>)

/// The content types that request bodies may have.
enum MediaType {
    /// Whether `value` is `application/json`, with no parameter but `charset=utf-8`.
    static func isJSON(_ value: String) -> Bool {
        if value == "application/json" { return true }
        let parts = value.split(separator: ";", omittingEmptySubsequences: false).map { ASCII.trimmedLowercase($0) }
        return parts[0] == "application/json"
            && parts.dropFirst().allSatisfy { $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" }
    }
}

/// Text of header fields, which is ASCII where it matters.
enum ASCII {
    static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    static func trimmedLowercase(_ text: Substring) -> String {
        String(decoding: trimmed(text).utf8.map(lowercased), as: UTF8.self)
    }
}
