import ArgumentParser
import EmbeddedPostgres
import Glibc
import StrictJSON

/// `bootstrap`: the first things of a deployment, made with root's key over HTTP.
struct Bootstrap: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the first Space, administrators, keys, identities and tokens.",
        discussion: """
            All but `root-key` ask the running service at LEDGER_PUBLIC_URL with LEDGER_ROOT_KEY, or beside an `up` \
            with the key in LEDGER_HOME. What was made is printed on standard output, secrets this once.
            """,
        subcommands: [
            NewRootKey.self, NewSpace.self, NewAdmin.self, NewServiceKey.self, NewIdentity.self, NewToken.self,
        ])

    struct NewRootKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "root-key", abstract: "Draw a root key for LEDGER_ROOT_KEY; asks nobody.")

        @Option(help: ArgumentHelp("The domain whose first label names root.", valueName: "domain"))
        var domain = "localhost"

        @Option(
            name: .customLong("out"),
            help: ArgumentHelp("File to make, mode 600, instead of printing; never replaced.", valueName: "file"))
        var path: String?

        func run() throws {
            let text = DrawnRootKey.make(for: domain)
            guard let path else { return Output.line(text) }
            do throws(DurableFileError) {
                try DurableFile.write(path: path, bytes: Array("\(text)\n".utf8), mode: 0o600, existing: .keep)
            } catch { throw CommandFailure(.failure, error.description) }
            Output.writeToStandardError("made \(path)\n")
        }
    }

    struct NewSpace: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "space", abstract: "Open a Space.")

        @Argument(help: "The Space's domain, such as sip.example.org.")
        var domain: String

        @Option(help: "Its name; the domain when not given.")
        var name: String?

        @Option(help: "The host it is served under; the domain when not given.")
        var host: String?

        @Option(name: .customLong("max-accounts"), help: "The most accounts it may have; 0 for any number.")
        var maximumAccounts: Int64?

        @Flag(name: .customLong("super"), help: "Whether its administrators administer all Spaces.")
        var isSuper = false

        @OptionGroup var client: ClientOptions

        func run() throws {
            var body: JSONObject = ["name": .string(name ?? domain), "domain": .string(domain)]
            body.append("host", .string(host ?? domain))
            if let maximumAccounts, maximumAccounts != 0 { body.append("max_accounts", .integer(maximumAccounts)) }
            if isSuper { body.append("super", true) }
            try client.report(client.client().call("POST", "/v1/spaces", body))
        }
    }

    struct NewAdmin: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "admin", abstract: "Make an account that administers a Space.",
            discussion: "The password is read from standard input, its first line, unless --key is given.")

        @Argument(help: "The account's name.")
        var name: String

        @Option(help: "The domain of its Space.")
        var space: String

        @Option(help: "An e-mail address.")
        var email: String?

        @Flag(help: "Give it a key instead of a password; the key is printed.")
        var key = false

        @OptionGroup var client: ClientOptions

        func run() throws {
            let service = try client.client()
            var body: JSONObject = ["name": .string(name), "space": .string(space), "activated": true]
            if let email { body.append("emails", [.string(email)]) }
            if !key { body.append("password", .string(try PasswordPrompt.read())) }
            let account = try service.call("POST", "/v1/accounts", body)
            let id = account["id"]?.stringValue ?? ""
            var made = try service.call("PATCH", RequestPath.make(["v1", "accounts", id]), ["admin": true])
            if key {
                let issued = try service.call("POST", RequestPath.make(["v1", "accounts", id, "keys"]), JSONObject())
                made.set("key", to: issued["key"] ?? .null)
            }
            client.report(made)
        }
    }

    struct NewServiceKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "service-key", abstract: "Issue a Flexisip service key to an account.")

        @Argument(help: "The account's id or name.")
        var account: String

        @Option(help: "What the key is for.")
        var name: String?

        @OptionGroup var client: ClientOptions

        func run() throws {
            let service = try client.client()
            let id = try AccountLookup.find(account, service)
            var body: JSONObject = ["type": "flexisip-service"]
            if let name { body.append("name", .string(name)) }
            try client.report(service.call("POST", RequestPath.make(["v1", "accounts", id, "keys"]), body))
        }
    }

    struct NewIdentity: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "identity", abstract: "Make an identity, and link it to an account.")

        @Argument(help: "The address it is known by.")
        var identifier: String

        @Option(help: "The id or name of an account to link it to.")
        var account: String?

        @OptionGroup var client: ClientOptions

        func run() throws {
            let service = try client.client()
            let target = try account.map { try AccountLookup.find($0, service) }
            var identity = try service.call("POST", "/v1/identities", ["identifier": .string(identifier)])
            if let target, let id = identity["id"]?.stringValue {
                identity = try service.call(
                    "POST", RequestPath.make(["v1", "identities", id, "link"]), ["account_id": .string(target)])
            }
            client.report(identity)
        }
    }

    struct NewToken: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "token", abstract: "Make an access token for an account or an identity.")

        @Option(help: "The account's id or name.")
        var account: String?

        @Option(help: "The identity's id.")
        var identity: String?

        @Option(help: "How strongly the identity is taken to have been authenticated, 0 to 4.")
        var acr: Int64 = 1

        @Option(help: "For how many seconds it is good.")
        var ttl: Int64?

        @OptionGroup var client: ClientOptions

        func validate() throws {
            guard (account == nil) != (identity == nil) else {
                throw ValidationError("Give either --account or --identity.")
            }
        }

        func run() throws {
            let service = try client.client()
            var body = JSONObject()
            if let account { body.append("account_id", .string(try AccountLookup.find(account, service))) }
            if let identity {
                body.append("identity_id", .string(identity))
                body.append("acr", .integer(acr))
            }
            if let ttl { body.append("ttl_seconds", .integer(ttl)) }
            try client.report(service.call("POST", "/v1/tokens", body))
        }
    }
}

/// Accounts named by people: an id, or a name that is looked up.
enum AccountLookup {
    static func find(_ text: String, _ service: ServiceClient) throws(CommandFailure) -> String {
        if isID(text) { return text.lowercased() }
        let page = try service.call("GET", RequestPath.make(["v1", "accounts"], [("name", text), ("limit", "1")]))
        guard let id = page["items"]?.arrayValue?.first?.objectValue?["id"]?.stringValue else {
            throw CommandFailure(.failure, "there is no account named \(printable(text))")
        }
        return id
    }

    private static func isID(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.utf8.count) == [8, 4, 4, 4, 12] && parts.joined().allSatisfy { $0.isHexDigit }
    }
}

/// A password from standard input: without echo at a terminal, a line elsewhere.
enum PasswordPrompt {
    static func read() throws(CommandFailure) -> String {
        var settings = termios()
        let isTerminal = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &settings) == 0
        let echoing = settings
        if isTerminal {
            Output.writeToStandardError("Password: ")
            settings.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
        }
        let line = readLine(strippingNewline: true)
        if isTerminal {
            var echoing = echoing
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &echoing)
            Output.writeToStandardError("\n")
        }
        guard let line, !line.isEmpty else { throw CommandFailure(.usage, "no password was given on standard input") }
        return line
    }
}
