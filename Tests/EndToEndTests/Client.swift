import Foundation
import StrictJSON
import Synchronization
import Testing

/// Requests to one service with one credential.
struct Client: Sendable {
    let port: Int
    var authorization: String?

    init(port: Int, key: String? = nil) {
        self.port = port
        authorization = key.map { "Bearer \($0)" }
    }

    func with(_ key: String?) -> Client { Client(port: port, key: key) }

    /// One request on a connection of its own.
    func call(
        _ method: String, _ target: String, _ body: JSONValue? = nil, headers: [(String, String)] = []
    ) throws -> Response {
        var bytes: [UInt8]?
        if let body {
            var writer = JSONWriter()
            try writer.value(body)
            bytes = writer.bytes
        }
        return try call(method, target, bytes: bytes, headers: headers)
    }

    /// The same with a body of any bytes.
    func call(
        _ method: String, _ target: String, bytes: [UInt8]?, headers: [(String, String)] = []
    ) throws -> Response {
        let connection = try HTTPConnection(port: port)
        try connection.send(method, target, fields(headers, hasBody: bytes != nil), body: bytes)
        return try connection.readResponse(to: method)
    }

    /// The header fields of a request of this client.
    func fields(_ headers: [(String, String)], hasBody: Bool) -> [(String, String)] {
        var all = headers
        let names = Set(headers.map { $0.0.lowercased() })
        if let authorization, !names.contains("authorization") { all.append(("Authorization", authorization)) }
        if hasBody, !names.contains("content-type") { all.append(("Content-Type", "application/json")) }
        return all
    }

    // MARK: What many tests begin with

    func head() throws -> Int64 {
        let response = try call("GET", "/v1/head")
        guard let position = response["position"].integerValue else { throw TestFailure("no head: \(response.text)") }
        return position
    }

    /// A new account as root makes it.
    func account(_ members: JSONObject = JSONObject()) throws -> Person {
        var body = members
        if body["name"] == nil { body.set("name", to: .string(Unique.name())) }
        let response = try call("POST", "/v1/accounts", .object(body))
        guard response.status == 201, let id = response["id"].stringValue else {
            throw TestFailure("no account: \(response.status) \(response.text)")
        }
        return Person(id: id, name: body["name"]?.stringValue ?? "", root: self)
    }

    /// All items of a list, page by page.
    func all(_ target: String, limit: Int) throws -> [JSONValue] {
        var items: [JSONValue] = []
        var cursor: String?
        repeat {
            let separator = target.contains("?") ? "&" : "?"
            let page = try call("GET", target + "\(separator)limit=\(limit)" + (cursor.map { "&cursor=\($0)" } ?? ""))
            guard page.status == 200 else { throw TestFailure("no page: \(page.status) \(page.text)") }
            items += page.items
            cursor = page["next_cursor"].stringValue
        } while cursor != nil
        return items
    }
}

/// An account of a test, and the client of its owner.
struct Person: Sendable {
    let id: String
    let name: String
    let root: Client

    var path: String { "/v1/accounts/\(id)" }

    /// A client with a fresh access token of the account.
    func client() throws -> Client {
        let response = try root.call("POST", "/v1/tokens", ["account_id": .string(id)])
        guard let token = response["access_token"].stringValue else { throw TestFailure("no token: \(response.text)") }
        return root.with(token)
    }

    /// A client with a fresh key of the account.
    func keyClient() throws -> Client {
        let response = try root.call("POST", "\(path)/keys", JSONValue.object([:]))
        guard let key = response["key"].stringValue else { throw TestFailure("no key: \(response.text)") }
        return root.with(key)
    }

    func version() throws -> Int64 { try root.call("GET", path)["version"].integerValue ?? -1 }
}

/// Words that no other test uses.
enum Unique {
    private static let next = Atomic<Int>(0)

    static func name(_ prefix: String = "t") -> String {
        "\(prefix)-\(getpid())-\(next.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    static func domain() -> String { "\(name("s")).example.org" }
}

/// Expects a problem document with this status and slug.
func expectProblem(
    _ response: Response, _ status: Int, _ slug: String, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(
        response.status == status && response.slug == slug,
        "\(comment.map { "\($0): " } ?? "")\(response.status) \(response.text.prefix(400))",
        sourceLocation: sourceLocation)
}

/// Asks until `condition` holds; false when the time is over, which is long because waiting costs nothing once it holds.
func eventually(within seconds: Double = 60, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    var pause: UInt32 = 1_000
    while true {
        if try condition() { return true }
        if ContinuousClock.now > end { return false }
        usleep(pause)
        pause = min(pause * 2, 20_000)
    }
}

/// Runs `body` on threads of its own, at one time, and waits for all.
func atOnce<T: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> T) -> [Result<T, any Error>] {
    let results = Mutex<[Int: Result<T, any Error>]>([:])
    let group = DispatchGroup()
    let box = Shared(results)
    for index in 0..<count {
        group.enter()
        let thread = Thread {
            let result = Result { try body(index) }
            box.value.withLock { $0[index] = result }
            group.leave()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }
    group.wait()
    return box.value.withLock { all in (0..<count).compactMap { all[$0] } }
}

/// Something that threads share.
final class Shared<Value: ~Copyable & Sendable>: Sendable {
    let value: Value

    init(_ value: consuming Value) { self.value = value }
}
