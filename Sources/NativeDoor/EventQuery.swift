import AccountDomain
import Accounts
import DoorKit
import EventCoding

/// Which events a request selects, and in which form it wants them.
struct EventQuery: Sendable {
    /// How events are sent.
    enum Form: Sendable {
        /// One page of JSON.
        case page
        /// Everything up to the present head, one event a line.
        case lines
        /// Everything, and then what happens.
        case live
    }

    static let parameters = Paging.parameters + ["after", "stream", "type", "door", "from", "to"]

    let selection: EventSelection
    let form: Form
    /// The position behind which it begins.
    let after: Int64
    /// With how many events lines and a live stream end; a page has a bound of its own.
    let limit: Int64

    /// Reads a request.
    ///
    /// An account sees its own stream and no other.
    init(_ request: DoorRequest, _ caller: Caller) throws {
        var selection = EventSelection()
        if let text = request.query["stream"] {
            guard let stream = StreamID(text) else {
                throw Problem(.malformedRequest, "The query parameter stream must be an id: a UUID in lower case.")
            }
            selection.stream = stream
        }
        if !caller.isRoot {
            guard let own = caller.account else { throw Failure.forbidden }
            guard selection.stream == nil || selection.stream == own else { throw Failure.notFound }
            selection.stream = own
        }
        if let type = request.query["type"] {
            guard EventCoding.types.contains(type) else {
                throw Problem(.malformedRequest, "The query parameter type must name a type of event.")
            }
            selection.type = type
        }
        selection.door = try request.choice("door", of: AccountDomain.Door.self)
        selection.from = try request.moment("from")
        selection.to = try request.moment("to")
        self.selection = selection
        form = Self.form(try request.header("Accept"))
        if form != .page, request.query["cursor"] != nil {
            throw Problem(.malformedRequest, "The query parameter cursor belongs to pages; after tells where to begin.")
        }
        limit = form == .page ? .max : try request.query.integer("limit", in: 1...(1 << 53 - 1)) ?? .max
        let start = try request.query.integer("after", in: 0...(1 << 53 - 1)) ?? 0
        if form == .live, let last = try request.whole("Last-Event-ID") { after = last } else { after = start }
    }

    private static func form(_ accept: String?) -> Form {
        guard let accept else { return .page }
        for range in accept.split(separator: ",") {
            switch range.prefix(while: { $0 != ";" }).filter({ $0 != " " && $0 != "\t" }).lowercased() {
            case "text/event-stream": return .live
            case "application/x-ndjson": return .lines
            case "application/json", "*/*": return .page
            default: continue
            }
        }
        return .page
    }
}
