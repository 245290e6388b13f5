public import NIOCore

/// The answer of a handler.
///
/// `Request-Id`, `Date`, `X-Content-Type-Options` and the lengths are added when it is sent.
public struct DoorResponse: Sendable {
    /// A header field.
    public struct Header: Sendable, Equatable {
        /// The name, spelt as it shall be sent.
        public let name: String
        /// The value; one with control characters is never sent, the answer is 500 instead.
        public let value: String

        /// Makes a field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What follows the head.
    public enum Body: Sendable {
        /// No content.
        case none
        /// These bytes.
        case bytes([UInt8])
        /// These bytes, shared without a copy where they are many.
        case buffer(ByteBuffer)
        /// Whatever the closure writes; its end ends the body, an error it throws breaks the connection off.
        case stream(@Sendable (StreamWriter) async throws -> Void)
    }

    /// The status code, 200 to 599.
    public var status: Int
    /// The `Content-Type`, nil for none.
    public var contentType: String?
    /// The `Cache-Control`; answers are private unless they say otherwise.
    public var cacheControl: String
    /// Further header fields.
    public var headers: [Header]
    /// What follows the head.
    public var body: Body

    /// Makes a response.
    public init(
        status: Int, contentType: String? = nil, cacheControl: String = "no-store", headers: [Header] = [],
        body: Body = .none
    ) {
        self.status = status
        self.contentType = contentType
        self.cacheControl = cacheControl
        self.headers = headers
        self.body = body
    }

    /// An answer with a JSON body that is written already.
    public static func json(_ bytes: [UInt8], status: Int = 200, headers: [Header] = []) -> DoorResponse {
        DoorResponse(status: status, contentType: "application/json", headers: headers, body: .bytes(bytes))
    }

    /// An answer without a body, 204 unless told otherwise.
    public static func empty(status: Int = 204, headers: [Header] = []) -> DoorResponse {
        DoorResponse(status: status, headers: headers)
    }

    /// An answer in plain text.
    public static func text(_ text: String, status: Int = 200, headers: [Header] = []) -> DoorResponse {
        DoorResponse(
            status: status, contentType: "text/plain; charset=utf-8", headers: headers, body: .bytes(Array(text.utf8)))
    }
}
