import AccountDomain
import StrictJSON

/// An answer of the service.
struct ServiceAnswer {
    let status: Int
    /// Where to look, when the answer says so.
    var location: String?
    let body: [UInt8]

    /// The body as JSON; nil when it is something else.
    var json: JSONValue? { try? JSONReader.read(body) }

    var isSuccess: Bool { (200..<300).contains(status) }
}

/// The tools' way to the service: HTTP/1.1 with root's key, one request per connection.
struct ServiceClient {
    private let url: ServiceURL
    private let key: String?

    /// A client of the service at `url`, with a key string or without a credential.
    init(_ url: ServiceURL, key: String?) throws(CommandFailure) {
        guard !url.isSecure else {
            throw CommandFailure(
                .configuration,
                "\(url) is https, which this tool does not speak; run it beside the service with --public-url "
                    + "http://127.0.0.1:8080")
        }
        self.url = url
        self.key = key
    }

    /// Sends a request and hands back whatever comes.
    func send(_ method: String, _ path: String, _ body: JSONObject? = nil, timeoutSeconds: Int = 30)
        throws(CommandFailure) -> ServiceAnswer
    {
        let socket = try LineSocket(to: url, timeoutSeconds: timeoutSeconds)
        try socket.send(head(method, path, accept: "application/json", body: body))
        var location: String?
        let (status, frame) = try readHead(socket, location: &location)
        var content: [UInt8] = []
        var reader = BodyReader(socket, frame)
        while let part = try reader.next() {
            content += part
            guard content.count <= 64 << 20 else { throw CommandFailure(.failure, "the answer is too long") }
        }
        return ServiceAnswer(status: status, location: location, body: content)
    }

    /// Sends a request that must succeed and be answered in JSON.
    func call(_ method: String, _ path: String, _ body: JSONObject? = nil) throws(CommandFailure) -> JSONObject {
        let answer = try send(method, path, body)
        guard answer.isSuccess else { throw Self.failure(answer) }
        return answer.json?.objectValue ?? JSONObject()
    }

    /// Follows an answer line by line until it ends or `body` answers false.
    func lines(
        _ path: String, accept: String, timeoutSeconds: Int,
        _ body: ([UInt8]) throws(CommandFailure) -> Bool
    ) throws(CommandFailure) {
        let socket = try LineSocket(to: url, timeoutSeconds: timeoutSeconds)
        try socket.send(head("GET", path, accept: accept, body: nil))
        var location: String?
        let (status, frame) = try readHead(socket, location: &location)
        var reader = BodyReader(socket, frame)
        var pending: [UInt8] = []
        guard status == 200 else {
            while let part = try reader.next(), pending.count < 1 << 20 { pending += part }
            throw Self.failure(ServiceAnswer(status: status, body: pending))
        }
        while let part = try reader.next() {
            var rest = part[...]
            while let end = rest.firstIndex(of: 0x0A) {
                pending += rest[..<end]
                rest = rest[(end + 1)...]
                if pending.last == 0x0D { pending.removeLast() }
                guard try body(pending) else { return }
                pending.removeAll(keepingCapacity: true)
            }
            pending += rest
            guard pending.count <= 64 << 20 else { throw CommandFailure(.failure, "the answer has too long a line") }
        }
        guard reader.isComplete else { throw CommandFailure(.unavailable, "\(url) ended the stream early") }
    }

    /// Hands over an answer piece by piece, as it comes, until it ends.
    func pieces(
        _ path: String, accept: String, timeoutSeconds: Int, _ body: ([UInt8]) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        let socket = try LineSocket(to: url, timeoutSeconds: timeoutSeconds)
        try socket.send(head("GET", path, accept: accept, body: nil))
        let (status, frame) = try readHead(socket)
        var reader = BodyReader(socket, frame)
        guard status == 200 else {
            var answer: [UInt8] = []
            while let part = try reader.next(), answer.count < 1 << 20 { answer += part }
            throw Self.failure(ServiceAnswer(status: status, body: answer))
        }
        while let part = try reader.next() { try body(part) }
        guard reader.isComplete else { throw CommandFailure(.unavailable, "\(url) ended the stream early") }
    }

    /// What an answer that is no success means to a person: the problem's title and detail.
    static func failure(_ answer: ServiceAnswer) -> CommandFailure {
        let problem = answer.json?.objectValue
        var text = problem?["title"]?.stringValue ?? "the service answered \(answer.status)"
        if let detail = problem?["detail"]?.stringValue { text += ": \(detail)" }
        for error in problem?["errors"]?.arrayValue ?? [] {
            guard let error = error.objectValue, let detail = error["detail"]?.stringValue else { continue }
            text += "; \(error["pointer"]?.stringValue ?? ""): \(detail)"
        }
        let status: CommandStatus =
            switch answer.status {
            case 401: .configuration
            case 429: .temporary
            case 502, 503, 504: .unavailable
            default: .failure
            }
        let hint = answer.status == 401 ? " (is LEDGER_ROOT_KEY the key of this service?)" : ""
        return CommandFailure(status, printable(text) + hint)
    }

    private func head(_ method: String, _ path: String, accept: String, body: JSONObject?) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var text = "\(method) \(path) HTTP/1.1\r\nHost: \(url.authority)\r\nAccept: \(accept)\r\nConnection: close\r\n"
        text += "Request-Id: \(RequestID.random(using: &generator))\r\n"
        if let key { text += "Authorization: Bearer \(key)\r\n" }
        guard let body else { return Array("\(text)\r\n".utf8) }
        let content = Self.encode(body)
        text += "Content-Type: application/json\r\nContent-Length: \(content.count)\r\n\r\n"
        return Array(text.utf8) + content
    }

    private static func encode(_ body: JSONObject) -> [UInt8] {
        var writer = JSONWriter()
        // Fails only for numbers that are none, of which we make none.
        try? writer.value(.object(body))
        return writer.bytes
    }

    private func readHead(_ socket: LineSocket) throws(CommandFailure) -> (status: Int, BodyReader.Frame) {
        var location: String?
        return try readHead(socket, location: &location)
    }

    private func readHead(
        _ socket: LineSocket, location: inout String?
    ) throws(CommandFailure) -> (status: Int, BodyReader.Frame) {
        while true {
            let first = try socket.line(limit: 8192).map { String(decoding: $0, as: UTF8.self) } ?? ""
            let parts = first.split(separator: " ")
            guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
                throw CommandFailure(.unavailable, "\(url) does not answer in HTTP")
            }
            var frame = BodyReader.Frame.untilClose
            while let line = try socket.line(limit: 65_536), !line.isEmpty {
                let field = String(decoding: line, as: UTF8.self)
                guard let colon = field.firstIndex(of: ":") else { continue }
                let value = field[field.index(after: colon)...].trimmingBlanks()
                switch field[..<colon].lowercased() {
                case "content-length": frame = Int(value).map { .length($0) } ?? frame
                case "transfer-encoding": if value.lowercased().hasSuffix("chunked") { frame = .chunked }
                case "location": location = String(value)
                default: continue
                }
            }
            if status == 204 || status == 304 { frame = .length(0) }
            if status >= 200 { return (status, frame) }
        }
    }
}

/// Takes a body out of its framing.
struct BodyReader {
    enum Frame {
        case length(Int)
        case chunked
        case untilClose
    }

    private let socket: LineSocket
    private let frame: Frame
    private var left = 0
    private var isFirst = true
    /// Whether the body ended as its framing says, not just with the connection.
    private(set) var isComplete = false

    init(_ socket: LineSocket, _ frame: Frame) {
        self.socket = socket
        self.frame = frame
        if case .length(let length) = frame { left = length }
    }

    /// The next piece, nil at the end.
    mutating func next() throws(CommandFailure) -> [UInt8]? {
        if isComplete { return nil }
        switch frame {
        case .untilClose: break
        case .length: isComplete = left == 0
        case .chunked where left == 0: try beginChunk()
        case .chunked: break
        }
        if isComplete { return nil }
        if case .untilClose = frame { left = 65_536 }
        let part = try socket.bytes(upTo: min(left, 65_536))
        guard !part.isEmpty else {
            if case .untilClose = frame { isComplete = true }
            return nil
        }
        left -= part.count
        return part
    }

    private mutating func beginChunk() throws(CommandFailure) {
        if !isFirst { _ = try socket.line(limit: 16) }
        isFirst = false
        guard let line = try socket.line(limit: 1024) else { return }
        let digits = String(decoding: line.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)[...].trimmingBlanks()
        left = Int(digits, radix: 16) ?? 0
        isComplete = left == 0
    }
}

/// A path with a query, both encoded.
enum RequestPath {
    static func make(_ segments: [String], _ query: [(String, String?)] = []) -> String {
        let path = segments.map { "/" + encoded($0) }.joined()
        let items = query.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }
        return items.isEmpty ? path : path + "?" + items.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
