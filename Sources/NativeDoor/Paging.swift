import Accounts
import DoorKit
import EventCoding
import StrictJSON

/// One page of a list: what its request asked for, and how its answer is written.
struct Paging {
    /// Names of the query parameters that every list knows.
    static let parameters = ["limit", "cursor"]

    /// The sort key behind which the page begins.
    let after: Int64
    /// How many items at most.
    let limit: Int
    private let cursors: CursorSealer
    private let scope: String
    private let request: DoorRequest

    /// Reads the page that a request asks for.
    ///
    /// A cursor is bound to the path, to the filters and to the caller, so one list's cursor is refused by another.
    init(_ request: DoorRequest, _ caller: Caller, _ cursors: CursorSealer, after start: Int64 = 0) throws {
        self.request = request
        self.cursors = cursors
        limit = Int(try request.query.integer("limit", in: 1...1000) ?? 50)
        scope = Self.scope(request, caller)
        guard let cursor = request.query["cursor"] else {
            after = start
            return
        }
        let payload = try cursors.open(cursor, scope: scope)
        after = payload.reduce(0) { $0 << 8 | Int64($1) }
    }

    private static func scope(_ request: DoorRequest, _ caller: Caller) -> String {
        var parts = [String(request.path), Hex.encode(caller.scope)]
        for name in request.query.names.sorted() where !["limit", "cursor", "after"].contains(name) {
            parts.append("\(name)=\(request.query[name] ?? "")")
        }
        // A query cannot hold a NUL, so no two lists have the same scope.
        return parts.joined(separator: "\0")
    }

    /// The answer: `{"items":[…],"next_cursor":…}`.
    func answer(
        next: Int64?, headers: [DoorResponse.Header] = [], _ writeItems: (inout JSONWriter) -> Void
    ) -> DoorResponse {
        var json = JSONWriter(reservingCapacity: 4096)
        var headers = headers
        json.beginObject()
        json.key("items")
        json.beginArray()
        writeItems(&json)
        json.endArray()
        json.key("next_cursor")
        if let next {
            var payload: [UInt8] = []
            payload.append(bigEndian: next)
            let cursor = cursors.seal(payload, scope: scope)
            json.string(cursor)
            headers.append(.init("Link", "<\(link(cursor))>; rel=\"next\""))
        } else {
            json.null()
        }
        json.endObject()
        return .json(json.bytes, headers: headers)
    }

    /// The answer for a list that lies in memory, by the items' places in it.
    func answer<Item>(
        slicing items: [Item], headers: [DoorResponse.Header], _ write: (Item, inout JSONWriter) -> Void
    ) -> DoorResponse {
        let start = Int(min(max(0, after), Int64(items.count)))
        let end = min(items.count, start + limit)
        return answer(next: end < items.count ? Int64(end) : nil, headers: headers) { json in
            for item in items[start..<end] { write(item, &json) }
        }
    }

    private func link(_ cursor: String) -> String {
        var query = "cursor=\(cursor)"
        for name in request.query.names where name != "cursor" && name != "after" {
            query += "&\(name)=\(PercentEncoding.encode(request.query[name] ?? ""))"
        }
        return "\(request.path)?\(query)"
    }
}

/// Percent-encoding of what stands in a query.
enum PercentEncoding {
    /// Encodes everything but RFC 3986's unreserved characters.
    static func encode(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes.append(contentsOf: Hex.encode([byte]).uppercased().utf8)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension NativeDoor {
    /// The page that a request asks for.
    func paging(_ request: DoorRequest, _ caller: Caller, after start: Int64 = 0) throws -> Paging {
        try Paging(request, caller, cursors, after: start)
    }

    /// The same as a read model takes it, with how old the answer may be.
    func pageRequest(_ request: DoorRequest, _ paging: Paging) throws -> PageRequest {
        PageRequest(
            after: paging.after, limit: paging.limit,
            maximumLagMilliseconds: try request.whole("Ledger-Max-Lag").map { Int($0) },
            minimumPosition: try request.whole("Ledger-Min-Position"))
    }
}
