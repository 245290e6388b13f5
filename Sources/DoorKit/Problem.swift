public import StrictJSON

/// A refusal or failure as RFC 9457 tells it.
///
/// Whatever a handler throws ends as one of these, or as the form a door has of its own.
public struct Problem: Error, Sendable {
    /// What a problem is, by the last part of its `type`.
    public enum Slug: String, Sendable, CaseIterable {
        case malformedJSON = "malformed-json"
        case malformedRequest = "malformed-request"
        case unauthorized
        case forbidden
        case accountBlocked = "account-blocked"
        case wrongPassword = "wrong-password"
        case quotaExceeded = "quota-exceeded"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case requestTimeout = "request-timeout"
        case versionConflict = "version-conflict"
        case nameTaken = "name-taken"
        case deviceExists = "device-exists"
        case deviceRevoked = "device-revoked"
        case conflict
        case accountErased = "account-erased"
        case preconditionFailed = "precondition-failed"
        case tooLarge = "too-large"
        case targetTooLong = "target-too-long"
        case unsupportedMediaType = "unsupported-media-type"
        case expectationFailed = "expectation-failed"
        case invalid
        case idempotencyKeyReused = "idempotency-key-reused"
        case tooManyRequests = "too-many-requests"
        case headerTooLarge = "header-too-large"
        case `internal`
        case notImplemented = "not-implemented"
        case unavailable
    }

    /// One thing that is wrong with a request, and where.
    public struct Item: Sendable, Equatable {
        /// A JSON pointer (RFC 6901) into the request body.
        public let pointer: String
        /// A sentence; it does not repeat the client's data.
        public let detail: String

        /// Makes an item.
        public init(pointer: String, detail: String) {
            self.pointer = pointer
            self.detail = detail
        }
    }

    /// A part of a request beside its body.
    public enum Part: Sendable { case path, query, headers }

    /// What kind of problem it is.
    public let slug: Slug
    /// A sentence on this occurrence; it does not repeat secrets.
    public var detail: String
    /// What is wrong with the body, all of it at once.
    public var errors: [Item]
    /// Further members of the document.
    public var members: JSONObject
    /// Headers of the answer, such as `WWW-Authenticate`.
    public var headers: [DoorResponse.Header]
    /// The part of the request that is malformed, for doors that tell it; nil for the body, or none in particular.
    public var part: Part?

    /// Makes a problem.
    public init(
        _ slug: Slug, _ detail: String, errors: [Item] = [], members: JSONObject = JSONObject(),
        headers: [DoorResponse.Header] = []
    ) {
        self.slug = slug
        self.detail = detail
        self.errors = errors
        self.members = members
        self.headers = headers
    }

    /// The status of the answer.
    public var status: Int { slug.status }

    /// An `invalid` problem with one thing wrong.
    public static func invalid(_ pointer: String, _ detail: String) -> Problem {
        Problem(.invalid, "The request body is not valid.", errors: [Item(pointer: pointer, detail: detail)])
    }

    /// A `not-found` problem, worded the same whether the object exists or not.
    public static var notFound: Problem { Problem(.notFound, "There is nothing here that you may see.") }

    /// A `too-many-requests` problem with its `Retry-After`.
    public static func tooManyRequests(retryAfterSeconds: Int) -> Problem {
        Problem(
            .tooManyRequests, "Too many attempts; try again later.",
            headers: [.init("Retry-After", String(max(1, retryAfterSeconds)))])
    }

    /// An `unavailable` problem with its `Retry-After`.
    public static func unavailable(retryAfterSeconds: Int = 1) -> Problem {
        Problem(
            .unavailable, "The service cannot take this request now; try again.",
            headers: [.init("Retry-After", String(max(1, retryAfterSeconds)))])
    }

    /// The same, about a part of the request.
    func about(_ part: Part) -> Problem {
        var problem = self
        problem.part = part
        return problem
    }

    static let `internal` = Problem(
        .internal, "Something failed on our side; the request id finds it in the log.")

    /// The document and its headers.
    public func response() -> DoorResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.string("/problems/" + slug.rawValue)
        writer.key("title")
        writer.string(slug.title)
        writer.key("status")
        writer.integer(status)
        writer.key("detail")
        writer.string(detail)
        for member in members.members {
            writer.key(member.key)
            // A number that is none can only be a slip of ours; the member is then null.
            var value = JSONWriter()
            if (try? value.value(member.value)) == nil { writer.null() } else { writer.raw(value.bytes) }
        }
        if !errors.isEmpty {
            writer.key("errors")
            writer.beginArray()
            for item in errors {
                writer.beginObject()
                writer.key("pointer")
                writer.string(item.pointer)
                writer.key("detail")
                writer.string(item.detail)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
        return DoorResponse(
            status: status, contentType: "application/problem+json", headers: headers, body: .bytes(writer.bytes))
    }
}

/// An error that can say, without any data of a client, what happened.
///
/// Other errors are logged by their type alone.
public protocol SafelyDescribed: Error {
    /// What may stand in the log.
    var safeDescription: String { get }
}
