import AccountDomain
import Accounts
import DoorKit
import NIOHTTP1

// Pages for people without a client: errors are told inside them, as the original does, with status 200.

extension MeldDoor {
    func registerPages(on routes: inout Routes) {
        let form = Self.registration(account: "", email: "", error: nil)
        routes.get("/register") { _ in form }
        routes.post("/activate", body: .bytes(16_384), activate)
    }

    private func activate(_ request: DoorRequest) async throws -> DoorResponse {
        if let problem = request.bodyProblem { throw problem }
        guard let form = Self.form(request) else {
            return Self.registration(account: "", email: "", error: "The form could not be read.")
        }
        // A page's request carries no credential, and a body that is no JSON.
        let meld = MeldRequest(page: request)
        if let code = form["code"], let token = form["jwe"] {
            return try await redeem(token, code, meld)
        }
        return try await requestCode(form["account"] ?? "", form["email"] ?? "", meld)
    }

    private func requestCode(_ account: String, _ email: String, _ meld: MeldRequest) async throws -> DoorResponse {
        func refuse(_ error: String) -> DoorResponse { Self.registration(account: account, email: email, error: error) }
        guard let name = try? AccountName(account) else {
            return refuse("An account's name has 1 to 100 of a-z, 0-9, _ and -.")
        }
        guard let address = try? EmailAddress(mailbox: email) else { return refuse("This is no e-mail address.") }
        do {
            let token = try await activate(name, address, meld)
            return Self.activation(token, error: nil)
        } catch let failure as Failure {
            return refuse(try Self.explain(failure, "The account exists, and this is not one of its addresses."))
        }
    }

    private func redeem(_ token: String, _ code: String, _ meld: MeldRequest) async throws -> DoorResponse {
        do {
            let key = try await redeem(token, String(code.filter { $0 != " " }), for: nil, meld)
            guard let text = key.keyString else { throw Failure.fault("a new key has no text") }
            return HTML.page(
                "Your key",
                """
                <p>This is the key of your account. It is shown this once; keep it as you keep a password.</p>
                <p><code>\(HTML.escape(text))</code></p>
                """)
        } catch let failure as Failure {
            return Self.activation(
                token, error: try Self.explain(failure, "The code is wrong, was used, or is no longer valid."))
        }
    }

    /// What a refusal is called on a page; trouble of ours is answered as everywhere.
    private static func explain(_ failure: Failure, _ refusal: String) throws -> String {
        switch MeldError(failure)?.status {
        case 401?, 403?: return refusal
        case 429?: return "Too many attempts; try again later."
        default: throw failure
        }
    }

    private static func form(_ request: DoorRequest) -> Query? {
        let type = request.headers.first(name: "Content-Type")?.prefix { $0 != ";" && $0 != " " }.lowercased()
        guard type == "application/x-www-form-urlencoded",
            let text = String(validating: request.bodyBytes, as: UTF8.self)
        else { return nil }
        // A form writes blanks as plus signs; a query of ours does not.
        return try? Query(parsing: text.replacing("+", with: "%20")[...])
    }

    private static func registration(account: String, email: String, error: String?) -> DoorResponse {
        HTML.page(
            "Register",
            """
            \(paragraph(error))<form method="post" action="/activate">
            <p><label>Account <input name="account" value="\(HTML.escape(account))" maxlength="100" required></label></p>
            <p><label>E-mail <input name="email" type="email" value="\(HTML.escape(email))" maxlength="254" required></label></p>
            <p><button>Send me a code</button></p>
            </form>
            """)
    }

    private static func activation(_ token: String, error: String?) -> DoorResponse {
        HTML.page(
            "Activate",
            """
            \(paragraph(error))<p>A code was sent to you. It is valid for 10 minutes.</p>
            <form method="post" action="/activate">
            <input type="hidden" name="jwe" value="\(HTML.escape(token))">
            <p><label>Code <input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="16" required></label></p>
            <p><button>Show me my key</button></p>
            </form>
            """)
    }

    private static func paragraph(_ error: String?) -> String {
        error.map { "<p role=\"alert\">\(HTML.escape($0))</p>\n" } ?? ""
    }
}
