import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension NativeDoor {
    func registerTokens(on routes: inout Routes) {
        routes.post("/v1/tokens", issueToken)
        routes.post("/v1/tokens/revoke", revokeToken)
    }

    /// What a token is asked for with.
    private enum Grant {
        case logIn(name: String, password: [UInt8])
        case identity(IdentityID, acr: Int, lifetimeSeconds: Int64)
        case account(AccountID, lifetimeSeconds: Int64)
    }

    private static let lifetimeSeconds: Int64 = 3600
    private static let longestLifetimeSeconds: Int64 = 30 * 86_400

    private func issueToken(_ request: DoorRequest) async throws -> DoorResponse {
        try request.allow([])
        let token: AccessToken
        switch try Self.grant(request) {
        case .logIn(let name, let password): token = try await logIn(name, password, request)
        case .identity(let id, let acr, let seconds):
            try AccessPolicy.requireRoot(try await authenticator.caller(of: request))
            guard case .identity(let identity) = try await log.state(of: id).aggregate, !identity.isEnded else {
                throw Problem.invalid("/identity_id", "must be an identity that exists")
            }
            token = authenticator.tokens.issue(to: id, .identity, acr: acr, lifetimeSeconds: seconds)
        case .account(let id, let seconds):
            try AccessPolicy.requireRoot(try await authenticator.caller(of: request))
            guard case .account(let account) = try await log.state(of: id).aggregate, account.lifecycle.isLiving else {
                throw Problem.invalid("/account_id", "must be an account that exists")
            }
            token = authenticator.tokens.issue(to: id, .account, lifetimeSeconds: seconds)
        }
        let text = try authenticator.tokens.seal(token)
        var json = JSONWriter()
        json.beginObject()
        json.member("access_token", text)
        json.member("expires_at", token.expiresAt)
        json.endObject()
        return .json(json.bytes, status: 201)
    }

    /// Which of the three forms the body has, by the member that only it has.
    private static func grant(_ request: DoorRequest) throws -> Grant {
        let body = try request.jsonObject()
        return try request.read { reader -> Grant? in
            if body["identity_id"] != nil {
                let id = reader.requiredStream("identity_id")
                let acr = reader.requiredInteger("acr", in: 0...4)
                let seconds = lifetime(&reader)
                return id.map { .identity($0, acr: Int(acr), lifetimeSeconds: seconds) }
            }
            if body["account_id"] != nil {
                let id = reader.requiredStream("account_id")
                let seconds = lifetime(&reader)
                return id.map { .account($0, lifetimeSeconds: seconds) }
            }
            let name = reader.requiredString("name", minCharacters: 1, maxCharacters: 256)
            return .logIn(name: name, password: reader.requiredPassword("password"))
        } ?? { throw Problem.invalid("", "must be one of the forms of a token request") }()
    }

    private static func lifetime(_ reader: inout ObjectReader) -> Int64 {
        reader.optionalInteger("ttl_seconds", in: 1...longestLifetimeSeconds) ?? lifetimeSeconds
    }

    /// A log-in: attempts are counted before the password is looked at, and given back when it was right.
    private func logIn(_ name: String, _ password: [UInt8], _ request: DoorRequest) async throws -> AccessToken {
        let subjects: [AttemptSubject] = [.client(request.clientAddress), .text(name)]
        for subject in subjects { try await limits.take(.login, subject) }
        let found: (account: AccountID, revision: Int)
        do {
            found = try await service.logIn(name: name, password: password)
        } catch .callerBlocked {
            for subject in subjects { await limits.refund(.login, subject) }
            throw Failure.callerBlocked
        }
        for subject in subjects { await limits.refund(.login, subject) }
        return authenticator.tokens.issue(
            to: found.account, .account, passwordRevision: found.revision, lifetimeSeconds: Self.lifetimeSeconds)
    }

    private func revokeToken(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            let text = try request.read { reader in reader.requiredString("access_token", maxCharacters: 1024) }
            guard let token = authenticator.tokens.open(text) else {
                throw Problem.invalid("/access_token", "must be an access token of this service")
            }
            // Root may end any token, its own account or identity this one; to others it does not exist.
            guard context.caller.isRoot || context.caller.streams.contains(token.stream) else { throw Failure.notFound }
            return .command(
                try await service.revokeToken(token.id, expiresAt: token.expiresAt, of: token.stream, context))
        }
    }
}
