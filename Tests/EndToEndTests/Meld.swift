import Accounts
import AccountDomain
import EventCoding
import Foundation
import PKI
import PostgresClient
import StrictJSON
import Testing

/// Requests in the dialect of m-ld, and what a mailbox would tell.
struct Meld: Sendable {
    let service: Service

    init(_ service: Service) { self.service = service }

    static func shared() throws -> Meld { Meld(try Service.shared()) }

    /// Root's key string.
    var rootKey: String { String(service.root.authorization?.dropFirst("Bearer ".count) ?? "") }
    var application: String { String(rootKey.prefix { $0 != "." }) }
    var rootName: String { application.lowercased() }
    var root: String { Self.basic(rootName, rootKey) }

    static func basic(_ name: String, _ key: String) -> String {
        "Basic \(Base64.encode(Array("\(name):\(key)".utf8)))"
    }

    func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, as authorization: String? = nil,
        headers: [(String, String)] = []
    ) throws -> Response {
        try Client(port: service.port).call(
            method, path.hasPrefix("/") ? path : "/api/v1/\(path)", body,
            headers: headers + (authorization.map { [("Authorization", $0)] } ?? []))
    }

    /// The same with a body of any bytes.
    func send(
        _ method: String, _ path: String, _ text: String, type: String? = "application/json",
        as authorization: String? = nil
    ) throws -> Response {
        let connection = try HTTPConnection(port: service.port)
        var headers = authorization.map { [("Authorization", $0)] } ?? []
        if let type { headers.append(("Content-Type", type)) }
        try connection.send(
            method, path.hasPrefix("/") ? path : "/api/v1/\(path)", headers, body: Array(text.utf8))
        return try connection.readResponse(to: method)
    }

    // MARK: Activation

    func request(_ name: String, _ email: String) throws -> Response {
        try call("POST", "user/\(name)/activation", ["email": .string(email)])
    }

    /// A token for an account and an address.
    func token(_ name: String, _ email: String) throws -> String {
        let response = try request(name, email)
        guard response.status == 200, let jwe = response["jwe"].stringValue else {
            throw TestFailure("no activation: \(response.status) \(response.text)")
        }
        return jwe
    }

    func redeem(_ name: String, _ token: String, _ code: String, query: String = "") throws -> Response {
        try call(
            "POST", "user/\(name)/key\(query)", as: "Bearer \(token)", headers: [("X-Activation-Code", code)])
    }

    /// The code that was mailed with a token, derived as the sender derives it.
    func code(of token: String) throws -> String { try secrets(of: Self.activation(token)).code }

    /// The mail of an activation, as it would stand in the outbox.
    func mail(of activation: StreamID) throws -> String {
        let (code, email) = try secrets(of: activation)
        return "To: \(email)\nSubject: Your activation code\nContent-Type: text/plain\n\nYour code is \(code).\n"
    }

    static func activation(_ token: String) -> StreamID {
        let bytes = Base64.decode(token) ?? []
        func word(_ offset: Int) -> UInt64 { bytes[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        return StreamID(high: word(1), low: word(9))
    }

    /// A code that is not the one of a token.
    func wrongCode(for token: String) throws -> String { try code(of: token) == "555555" ? "555556" : "555555" }

    private func secrets(of stream: StreamID) throws -> (code: String, email: String) {
        let connection = try service.database()
        defer { connection.close() }
        let rows = try connection.query(
            PostgresStatement(
                """
                SELECT k.epoch, k.wrapped, e.command_id::text, e.secret FROM ledger.subject_keys k
                  JOIN ledger.events e ON e.log_id = k.log_id AND e.stream_id = k.stream_id AND e.version = 1
                 WHERE k.stream_id = '\(stream)'
                """))
        guard rows.count == 1, let command = CommandID(try rows.string(0, 2)) else {
            throw TestFailure("no activation")
        }
        let file = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(service.home.path)/home/keys/keyring.json")))
        let key = try Keyring(file: file).unwrap(
            try rows.bytes(0, 1), epoch: try rows.int32(0, 0), log: 0, stream: stream)
        let box = try key.open(try rows.bytes(0, 3), at: .event(version: 1, type: "activation.requested.v1"))
        let email = try BoxContent(canonicalBytes: box).personal.text("email")
        return (ActivationCode.derive(key, command), email ?? "")
    }

    // MARK: Accounts

    /// An account that was activated by mail, with its first key.
    func account(_ name: String = Unique.name()) throws -> MeldAccount {
        let email = "\(name)@example.org"
        let token = try token(name, email)
        let response = try redeem(name, token, try code(of: token), query: "?type=rsa")
        return try MeldAccount(name, email, response)
    }

    /// An account that root made, without an address.
    func accountOfRoot(_ name: String = Unique.name()) throws -> MeldAccount {
        try MeldAccount(name, "", try call("POST", "user/\(name)/key?type=rsa", as: root))
    }

    /// Its id, as `/v1` knows it.
    func id(of name: String) throws -> String {
        let items = try service.root.call("GET", "/v1/accounts?name=\(name)").items
        guard let id = items.first?["id"].stringValue else { throw TestFailure("no account \(name)") }
        return id
    }

    /// The stored types of an account's events, in order.
    func events(of name: String) throws -> [String] {
        try service.root.all("/v1/accounts/\(id(of: name))/events", limit: 100).compactMap { $0["type"].stringValue }
    }
}

/// An account and one of its keys.
struct MeldAccount: Sendable {
    let name: String
    let email: String
    let key: String
    let pair: RSAKeyPair

    init(_ name: String, _ email: String, _ response: Response) throws {
        self.name = name
        self.email = email
        guard response.status == 200, let key = response["auth"]["key"].stringValue,
            let sealed = response["key"]["private"].stringValue.flatMap({ Base64.decode($0) }),
            let secret = key.split(separator: ":").last
        else { throw TestFailure("no key: \(response.status) \(response.text)") }
        self.key = key
        pair = try RSAKeyPair(encryptedPKCS8: sealed, passphrase: Array(secret.utf8))
    }

    var path: String { "user/\(name)" }
    var basic: String { Meld.basic(name, key) }
    var keyID: String { String(key.split(separator: ":")[0].split(separator: ".").last ?? "") }

    /// A token of the account; `claims` are JSON members.
    func token(_ claims: String, header: String? = nil, signing: RSAKeyPair? = nil) throws -> String {
        let header = header ?? #"{"alg":"RS256","typ":"JWT","kid":"\#(keyID)"}"#
        let signed = "\(Self.encode(Array(header.utf8))).\(Self.encode(Array("{\(claims)}".utf8)))"
        return "\(signed).\(Self.encode(try (signing ?? pair).sign(Array(signed.utf8))))"
    }

    static func encode(_ bytes: [UInt8]) -> String {
        Base64.encode(bytes, padded: false).replacing("+", with: "-").replacing("/", with: "_")
    }
}

/// Expects an error body with this status and code, in the form it always has.
func expectMeld(
    _ response: Response, _ status: Int, _ code: String, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let isWhole =
        response.json.objectValue?.count == 2 && response["message"].stringValue != nil
        && response.header("Content-Type") == "application/json"
    #expect(
        response.status == status && response["code"].stringValue == code && isWhole,
        "\(comment.map { "\($0): " } ?? "")\(response.status) \(response.text.prefix(400))",
        sourceLocation: sourceLocation)
    if status == 401 {
        #expect(response.header("WWW-Authenticate") == "Basic realm=\"m-ld\"", sourceLocation: sourceLocation)
    }
}

extension Service {
    /// A session of the cluster's superuser.
    func database() throws -> PostgresConnection {
        let lines = try String(contentsOfFile: "\(home.path)/home/postgres/data/postmaster.pid", encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        return try PostgresConnection(
            PostgresConfiguration(
                url: "host=\(lines[4]) port=\(lines[3]) user=postgres dbname=ledger", applicationName: "test"))
    }
}
