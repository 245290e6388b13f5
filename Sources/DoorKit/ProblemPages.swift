extension Problem.Slug {
    /// The status, title and advice of every kind of problem: one table for answers and for their pages.
    private var entry: (status: Int, title: String, advice: String) {
        switch self {
        case .malformedJSON:
            (
                400, "The body is not strict JSON",
                "Send UTF-8 JSON without repeated keys, trailing commas, byte-order mark or NUL, at most 32 levels deep."
            )
        case .malformedRequest:
            (400, "The request is malformed", "A header, the path or the query breaks its syntax; the detail names it.")
        case .unauthorized:
            (401, "Credentials are missing or wrong", "Send a valid key, token, or name and key in Authorization.")
        case .forbidden: (403, "Not allowed", "The credentials are valid, but not for this; use others.")
        case .accountBlocked: (403, "The account is blocked", "Only an administrator can lift the block.")
        case .wrongPassword: (403, "The password is wrong", "Check it and try again; attempts are limited.")
        case .quotaExceeded: (403, "The quota is used up", "Ask the operator for more, or remove what is not needed.")
        case .notFound:
            (404, "Nothing found", "It does not exist or these credentials may not see it. Paths have one spelling.")
        case .methodNotAllowed: (405, "The path does not know this method", "The Allow header lists those it knows.")
        case .requestTimeout: (408, "The request took too long to arrive", "Send it again, faster.")
        case .versionConflict:
            (409, "Somebody else was first", "Read again, merge, and repeat with expected_version.")
        case .nameTaken: (409, "The name is taken", "The pointer says which member; choose another value.")
        case .deviceExists: (409, "The device exists already", "Use another device id, or change the existing device.")
        case .deviceRevoked: (409, "The device was revoked", "A revoked device stays revoked; add a new one.")
        case .conflict: (409, "The present state forbids it", "The detail says why.")
        case .accountErased: (410, "The account was erased", "Its data are gone for good.")
        case .preconditionFailed:
            (412, "It has changed meanwhile", "Read again; If-Match must carry the current ETag.")
        case .tooLarge: (413, "The body is too large", "Send less; the limits are documented.")
        case .targetTooLong: (414, "The request target is too long", "Shorten path and query.")
        case .unsupportedMediaType:
            (415, "The media type is not supported", "Send Content-Type: application/json, without Content-Encoding.")
        case .expectationFailed: (417, "The expectation cannot be met", "Only 100-continue is known.")
        case .invalid: (422, "The body is not valid", "errors lists all that is wrong, each with a JSON pointer.")
        case .idempotencyKeyReused:
            (422, "The idempotency key was used for another request", "Use a fresh key for each new request.")
        case .tooManyRequests: (429, "Too many requests", "Wait as long as Retry-After says.")
        case .headerTooLarge: (431, "The header is too large", "Send fewer or shorter header fields.")
        case .internal: (500, "Something failed on our side", "Tell the operator the Request-Id.")
        case .notImplemented: (501, "The method is not known", "Use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.")
        case .unavailable: (503, "Not available now", "Wait as long as Retry-After says and send the request again.")
        }
    }

    /// The HTTP status that goes with it.
    public var status: Int { entry.status }
    /// The `title` of the document, the same for every occurrence.
    public var title: String { entry.title }
    /// What a client can do about it.
    public var advice: String { entry.advice }
}

/// The pages that the `type` of a problem points at.
public struct ProblemPages: Door {
    /// Makes the door.
    public init() {}

    /// Registers `/problems` and `/problems/{slug}`.
    public func register(on routes: inout Routes) {
        let index = Self.page("Problems", Problem.Slug.allCases.map(Self.entry).joined(separator: "\n"))
        routes.get("/problems") { _ in index }
        routes.get("/problems/{slug}") { request in
            guard let slug = Problem.Slug(rawValue: try request.parameter("slug")) else { throw Problem.notFound }
            return Self.page(for: slug)
        }
    }

    /// The page of one kind of problem.
    public static func page(for slug: Problem.Slug) -> DoorResponse { page(slug.title, entry(slug)) }

    private static func entry(_ slug: Problem.Slug) -> String {
        "<h2 id=\"\(slug.rawValue)\">\(slug.rawValue) (\(slug.status))</h2><p>\(slug.title).</p><p>\(slug.advice)</p>"
    }

    private static func page(_ title: String, _ body: String) -> DoorResponse {
        let text =
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>\(title)</title><body>\(body)</body></html>\n"
        return DoorResponse(
            status: 200, contentType: "text/html; charset=utf-8", cacheControl: "public, max-age=86400",
            body: .bytes(Array(text.utf8)))
    }
}
