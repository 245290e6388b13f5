import DoorKit
import StrictJSON

/// A refusal in the words of m-ld: a status and a `code`, the class name without "Error" (docs/mld-gateway.md).
struct MeldError: Error, Sendable, Equatable {
    let status: Int
    let code: String
    var message = ""
    var headers: [DoorResponse.Header] = []

    static func badRequest(_ message: String) -> MeldError {
        MeldError(status: 400, code: "BadRequest", message: message)
    }

    static func invalidContent(_ message: String) -> MeldError {
        MeldError(status: 400, code: "InvalidContent", message: message)
    }

    static let invalidHeader = MeldError(
        status: 400, code: "InvalidHeader", message: "Authorization must be one scheme and what it wants")

    static let unauthorized = MeldError(
        status: 401, code: "Unauthorized", headers: [.init("WWW-Authenticate", "Basic realm=\"m-ld\"")])

    static let forbidden = MeldError(status: 403, code: "Forbidden")

    static func forbidden(_ message: String) -> MeldError {
        MeldError(status: 403, code: "Forbidden", message: message)
    }

    /// A name that no account can have, or an account that root does not find.
    static let notFound = MeldError(status: 404, code: "NotFound")

    static let resourceNotFound = MeldError(status: 404, code: "ResourceNotFound")

    static func methodNotAllowed(_ allow: String) -> MeldError {
        MeldError(status: 405, code: "MethodNotAllowed", headers: [.init("Allow", allow)])
    }

    static func tooManyRequests(_ seconds: Int) -> MeldError {
        MeldError(
            status: 429, code: "TooManyRequests", message: "Too many attempts; try again later",
            headers: [.init("Retry-After", String(max(1, seconds)))])
    }

    static func unavailable(_ seconds: Int) -> MeldError {
        MeldError(
            status: 503, code: "ServiceUnavailable", message: "Try again",
            headers: [.init("Retry-After", String(max(1, seconds)))])
    }

    /// The answer: both members, always, as JSON whatever `Accept` says.
    var response: DoorResponse {
        var json = JSONWriter(reservingCapacity: 64)
        json.beginObject()
        json.key("code")
        json.string(code)
        json.key("message")
        json.string(message)
        json.endObject()
        return .json(json.bytes, status: status, headers: headers)
    }
}
