import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension MisakeyDoor {
    func registerLogin(on routes: inout Routes) {
        routes.put("/auth/identities", findIdentity)
        // The earliest form of the same.
        routes.put("/identities/authable", findIdentity)
        routes.post("/auth/login/authn-step", playStep)
    }

    // MARK: - Who wants to log in

    /// Public: the identity of an address, made when there is none, and how it is to log in.
    ///
    /// Asking again changes nothing, but that a code is mailed anew once the last is a minute old.
    private func findIdentity(_ request: DoorRequest) async throws -> DoorResponse {
        let (identifier, isReset) = try request.read { reader -> (Identifier?, Bool)? in
            (reader.identifier("identifier_value"), reader.flag("password_reset"))
        }
        guard let identifier else { throw MisakeyError(.badRequest, .body) }
        try await limits.take(.misakeyLookup, .client(request.clientAddress))
        let context = context(request, .anonymous)
        for _ in 0..<4 {
            if let id = try await service.identity(known: identifier) {
                return try await step(of: id, isReset: isReset, context)
            }
            if let id = try await admit(identifier, context) {
                return Self.answer(id, identifier, hasAccount: false, parameters: nil)
            }
        }
        throw Failure.unavailable(retryAfterSeconds: 1)
    }

    /// Makes the identity of an address, with a code; nil when another request has made it.
    private func admit(_ identifier: Identifier, _ context: CommandContext) async throws -> IdentityID? {
        _ = await mailings.take(identifier.text)
        defer { mailings.end(identifier.text) }
        guard try await service.identity(known: identifier) == nil else { return nil }
        try await limits.take(.misakeyIdentity, .everybody)
        try await takeMail(to: identifier)
        do throws(Failure) { return try await service.admitIdentity(identifier, context) } catch {
            guard error == .valueTaken(.identity) else { throw error }
            await refundMail(to: identifier)
            return nil
        }
    }

    private func step(of id: IdentityID, isReset: Bool, _ context: CommandContext) async throws -> DoorResponse {
        guard case .identity(let identity) = try await service.currentState(of: id),
            let identifier = identity.identifier
        else { throw Failure.unavailable(retryAfterSeconds: 1) }
        var parameters: PrehashParameters?
        if !isReset, let linked = identity.account,
            case .account(let account) = try await service.currentState(of: linked),
            case .argon2ServerRelief(let relief) = account.password.verifier
        {
            parameters = relief.parameters
        }
        if parameters == nil, !identity.codes.isRecent(at: AccessTokens.systemClock()) {
            try await mailCode(to: id, identifier, context)
        }
        return Self.answer(id, identifier, hasAccount: identity.account != nil, parameters: parameters)
    }

    /// Has a code mailed, unless whoever asked at the same moment has had one mailed.
    private func mailCode(to id: IdentityID, _ identifier: Identifier, _ context: CommandContext) async throws {
        // One after the other: many at one moment cost one mail, and none of them meets the limit of mails.
        _ = await mailings.take(identifier.text)
        defer { mailings.end(identifier.text) }
        guard case .identity(let identity) = try await service.currentState(of: id),
            !identity.codes.isRecent(at: AccessTokens.systemClock())
        else { return }
        try await takeMail(to: identifier)
        let appended = try await service.mailCode(to: id, context)
        if appended.events.isEmpty { await refundMail(to: identifier) }
    }

    /// Counts a mail that is about to be asked for.
    private func takeMail(to identifier: Identifier) async throws {
        try await limits.take(.mailToAddress, .mailbox(identifier.text))
        try await limits.take(.mailInAll, .everybody)
    }

    /// Gives back a mail that was not asked for after all.
    private func refundMail(to identifier: Identifier) async {
        await limits.refund(.mailToAddress, .mailbox(identifier.text))
        await limits.refund(.mailInAll, .everybody)
    }

    private static func answer(
        _ id: IdentityID, _ identifier: Identifier, hasAccount: Bool, parameters: PrehashParameters?
    ) -> DoorResponse {
        var json = JSONWriter()
        json.beginObject()
        json.key("identity")
        json.beginObject()
        json.member("display_name", identifier.displayName)
        json.member("avatar_url", String?.none)
        json.member("has_account", hasAccount)
        json.endObject()
        json.key("authn_step")
        json.beginObject()
        json.member("identity_id", id)
        json.member("method_name", (parameters == nil ? Method.emailedCode : .prehashedPassword).rawValue)
        json.key("metadata")
        if let parameters { parameters.write(to: &json, salt: "salt_base_64") } else { json.null() }
        json.endObject()
        json.endObject()
        return .json(json.bytes)
    }

    // MARK: - Log-ins

    private enum Method: String {
        case emailedCode = "emailed_code"
        case prehashedPassword = "prehashed_password"
    }

    fileprivate enum Step {
        case code(String)
        case password(PrehashedPassword)
    }

    /// Public: a mailed code gives a token of strength 1, a password one of strength 2.
    private func playStep(_ request: DoorRequest) async throws -> DoorResponse {
        let (identity, step) = try request.read { reader -> (IdentityID, Step)? in
            reader.step().map { ($0.identity, $0.step) }
        }
        try await limits.take(.misakeyStep, .client(request.clientAddress))
        let acr: Int
        do throws(Failure) {
            switch step {
            case .code(let text):
                guard try await service.tryCode(text, of: identity, context(request, .anonymous)) else {
                    throw Failure.wrongPassword
                }
                acr = 1
            case .password(let password):
                try await limits.take(.misakeyPassword, .stream(identity))
                try await service.checkPassword(password, of: identity)
                await limits.refund(.misakeyPassword, .stream(identity))
                acr = 2
            }
        } catch {
            switch error {
            // No living code, an unknown identity and a wrong try look the same.
            case .wrongPassword, .identity, .notFound, .erased:
                throw MisakeyError(.forbidden, .body, "metadata", .invalid)
            case .callerBlocked: throw MisakeyError(.forbidden, .body, "account_id", .locked, "the account is blocked")
            default: throw error
            }
        }
        let token = authenticator.tokens.issue(
            to: identity, .identity, acr: acr, lifetimeSeconds: Int64(Self.tokenSeconds))
        let text = try authenticator.tokens.seal(token)
        var json = JSONWriter()
        json.beginObject()
        json.member("access_token", text)
        json.member("acr", String(acr))
        json.member("expires_in", Self.tokenSeconds)
        json.endObject()
        return .json(
            json.bytes,
            headers: [
                .setCookie("accesstoken", text, seconds: Self.tokenSeconds, sameSite: true),
                .setCookie("tokentype", "bearer", seconds: Self.tokenSeconds, sameSite: true),
            ])
    }

    private static let tokenSeconds = 3_600
}

extension MemberReader {
    fileprivate func identifier(_ name: String) -> Identifier? {
        guard let (_, text) = text(name) else { return nil }
        guard let identifier = try? Identifier(text) else {
            refuse(name, .malformed)
            return nil
        }
        return identifier
    }

    fileprivate func flag(_ name: String) -> Bool {
        switch object[name] {
        case nil, .null: return false
        case .bool(let value): return value
        default:
            refuse(name, .malformed)
            return false
        }
    }

    /// The members of a step; the identity stands beside it, or in it as the system's own server has it.
    fileprivate func step() -> (identity: IdentityID, step: MisakeyDoor.Step)? {
        guard let step = child("authn_step") else { return nil }
        let holder = object["identity_id"] == nil && step.object["identity_id"] != nil ? step : self
        var identity: IdentityID?
        if let (name, text) = holder.text("identity_id") {
            identity = DoorRequest.randomUUID(text).flatMap { IdentityID($0) }
            if identity == nil { holder.refuse(name, .malformed) }
        }
        guard let (_, method) = step.text("method_name") else { return nil }
        switch method {
        case "emailed_code":
            guard let (_, code) = step.child("metadata")?.text("code"), let identity else { return nil }
            return (identity, .code(code))
        case "prehashed_password":
            guard let password = step.child("metadata")?.prehashedPassword(), let identity else { return nil }
            return (identity, .password(password))
        default:
            step.refuse("method_name", .invalid)
            return nil
        }
    }
}
