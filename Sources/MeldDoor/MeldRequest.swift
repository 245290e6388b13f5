import AccountDomain
import Accounts
import DoorKit
import NIOCore
import NIOHTTP1
import EventCoding
import StrictJSON

/// A request whose form was checked in the order that the contract fixes: `Authorization`, body, name.
struct MeldRequest {
    let request: DoorRequest
    let authorization: Authorization
    /// The body; nil when there is none.
    let body: JSONValue?

    /// Checks what every request is checked for.
    init(_ request: DoorRequest) throws(MeldError) {
        self.request = request
        authorization = try Authorization(request)
        body = try Self.body(of: request)
    }

    /// The request of a page, whose body is a form.
    init(page request: DoorRequest) {
        self.request = request
        authorization = .none
        body = nil
    }

    private static func body(of request: DoorRequest) throws(MeldError) -> JSONValue? {
        if let problem = request.bodyProblem { throw MeldError(problem) }
        guard request.body.readableBytes > 0 else { return nil }
        let types = request.headers["Content-Type"]
        guard types.count == 1, isJSON(types[0]) else { throw .badRequest("The body must come as JSON") }
        do throws(JSONError) { return try JSONReader.read(request.bodyBytes) } catch {
            throw .invalidContent("The body is not strict JSON: \(error.description)")
        }
    }

    /// `application/json`, or `application/` letters and dots and `+json`; parameters and case do not matter.
    private static func isJSON(_ type: String) -> Bool {
        let media = type.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.lowercased()
        if media == "application/json" { return true }
        guard media.hasPrefix("application/"), media.hasSuffix("+json") else { return false }
        let middle = media.dropFirst("application/".count).dropLast("+json".count)
        return !middle.isEmpty
            && middle.utf8.allSatisfy {
                $0 == UInt8(ascii: ".") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
            }
    }

    /// The account that the path names.
    ///
    /// - Throws: `NotFound` for a name that no account can have.
    func name() throws(MeldError) -> AccountName {
        guard let text = try? request.parameter("a"), let name = try? AccountName(text) else { throw .notFound }
        return name
    }

    /// The body as an object.
    ///
    /// - Throws: `BadRequest` without a body, or for another kind of value.
    func object() throws(MeldError) -> JSONObject {
        guard let body else { throw .badRequest("A body is expected") }
        guard case .object(let object) = body else { throw .badRequest("An object is expected") }
        return object
    }

    /// What a command is told of the request.
    func context(_ caller: Caller) -> CommandContext {
        var trace: TraceID?
        if let digits = request.traceID, let high = UInt64(digits.prefix(16), radix: 16),
            let low = UInt64(digits.suffix(16), radix: 16)
        {
            trace = TraceID(high: high, low: low)
        }
        return CommandContext(
            caller: caller, door: .mld,
            request: AccountDomain.RequestID(high: request.requestID.high, low: request.requestID.low), trace: trace)
    }
}
