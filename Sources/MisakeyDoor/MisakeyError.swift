import DoorKit
import StrictJSON

/// An error as this dialect tells it: clients branch on code, origin and details, never on the description.
struct MisakeyError: Error {
    /// What kind of error it is, with its status.
    enum Code: String {
        case badRequest = "bad_request"
        case unauthorized
        case forbidden
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case conflict
        case gone
        case requestEntityTooLarge = "request_entity_too_large"
        case unprocessableEntity = "unprocessable_entity"
        case `internal`
        case serviceUnavailable = "service_unavailable"

        var status: Int {
            switch self {
            case .badRequest: 400
            case .unauthorized: 401
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .conflict: 409
            case .gone: 410
            case .requestEntityTooLarge: 413
            case .unprocessableEntity: 422
            case .internal: 500
            case .serviceUnavailable: 503
            }
        }
    }

    /// Which part of the request it is about.
    enum Origin: String {
        case acr, body, headers, query, path, cookies
        case `internal`

        init(_ part: Problem.Part?) {
            self =
                switch part {
                case .path: .path
                case .query: .query
                case .headers, nil: .headers
                }
        }
    }

    /// What is wrong with one thing.
    enum Value: String {
        case conflict, malformed, invalid, required, expired, forbidden, locked
        case notFound = "not_found"
    }

    let code: Code
    let origin: Origin
    var description = ""
    /// Of what, what; in the order they were found.
    var details: [(key: String, value: String)] = []
    var headers: [DoorResponse.Header] = []

    init(_ code: Code, _ origin: Origin, _ description: String = "", headers: [DoorResponse.Header] = []) {
        self.code = code
        self.origin = origin
        self.description = description
        self.headers = headers
    }

    init(_ code: Code, _ origin: Origin, _ key: String, _ value: Value, _ description: String = "") {
        self.init(code, origin, description)
        details = [(key, value.rawValue)]
    }

    /// The same with one more detail.
    func with(_ key: String, _ value: String) -> MisakeyError {
        var error = self
        error.details.append((key, value))
        return error
    }

    /// `{"code","origin","desc","details"}`.
    var response: DoorResponse {
        var json = JSONWriter()
        json.beginObject()
        json.key("code")
        json.string(code.rawValue)
        json.key("origin")
        json.string(origin.rawValue)
        json.key("desc")
        json.string(description)
        json.key("details")
        json.beginObject()
        for (key, value) in details {
            json.key(key)
            json.string(value)
        }
        json.endObject()
        json.endObject()
        return .json(json.bytes, status: code.status, headers: headers)
    }

    // MARK: - Errors of many routes

    /// Not the owner, or no such account: the same, so that ids cannot be probed.
    static let notOwner = MisakeyError(
        .forbidden, .path, "account_id", .forbidden, "the account is not the one of the identity")

    static func acrTooLow(required: Int) -> MisakeyError {
        MisakeyError(.forbidden, .acr, "acr", .forbidden, "the login was not strong enough")
            .with("required_acr", String(required))
    }
}
