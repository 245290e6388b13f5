import AccountDomain
import Accounts
import DoorKit
import EventCoding
import NIOHTTP1
import StrictJSON

/// Somebody who logged in as an identity.
struct Login {
    let caller: Caller
    let identity: IdentityID
    /// How strongly; fixed for the life of the token.
    let acr: Int
    /// The identity's account, whatever the strength.
    let account: AccountID?
    /// Where the token came in.
    let origin: MisakeyError.Origin

    func require(_ acr: Int) throws(MisakeyError) {
        guard self.acr >= acr else { throw .acrTooLow(required: acr) }
    }

    /// Lets the owner of an account through.
    func requireOwner(of account: AccountID) throws(MisakeyError) {
        guard self.account == account else { throw .notOwner }
    }
}

extension MisakeyDoor {
    /// Who logged in: by a header, or by cookies with the token against forged requests where something changes.
    func login(_ request: DoorRequest) async throws -> Login {
        let (token, origin) = try Self.token(of: request)
        let caller: Caller
        do throws(Failure) {
            caller = try await authenticator.caller(presenting: .bearer(token), from: request.clientAddress)
        } catch {
            guard error == .unauthorized else { throw error }
            throw Self.invalidToken(origin)
        }
        guard case .identity(let identity, let acr, let account) = caller.principal else {
            throw Self.invalidToken(origin)
        }
        return Login(caller: caller, identity: identity, acr: acr, account: account, origin: origin)
    }

    private static func invalidToken(_ origin: MisakeyError.Origin) -> MisakeyError {
        origin == .cookies
            ? MisakeyError(.unauthorized, .cookies, "accesstoken", .invalid)
            : MisakeyError(.unauthorized, .headers, "Authorization", .invalid)
    }

    /// Once there is an `Authorization` header, well-formed or not, cookies are never looked into for a token.
    private static func token(of request: DoorRequest) throws(MisakeyError) -> (String, MisakeyError.Origin) {
        let fields = request.headers["Authorization"]
        let cookies = Cookies(request)
        if let field = fields.first {
            guard fields.count == 1, field.hasPrefix("Bearer ") else {
                throw MisakeyError(.unauthorized, .headers, "Authorization", .malformed)
            }
            let token = field.dropFirst("Bearer ".count)
            guard !token.isEmpty, token.utf8.count <= 4_096, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { throw MisakeyError(.unauthorized, .headers, "Authorization", .malformed) }
            guard !cookies.has("accesstoken") else {
                throw MisakeyError(.unauthorized, .headers, "Authorization", .conflict, "header and cookie at once")
            }
            return (String(token), .headers)
        }
        guard cookies.has("accesstoken") else {
            throw MisakeyError(.unauthorized, .headers, "Authorization", .required)
        }
        guard cookies["tokentype"] == "bearer" else {
            throw MisakeyError(.unauthorized, .cookies, "tokentype", .invalid)
        }
        guard let token = cookies["accesstoken"], token.utf8.count <= 4_096,
            token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw MisakeyError(.unauthorized, .cookies, "accesstoken", .invalid) }
        switch request.method {
        case .get, .head, .options: break
        case .post, .put, .patch, .delete: try CSRF.check(request, cookies)
        }
        return (token, .cookies)
    }

    // MARK: - Commands and reads

    /// Runs a command for whoever logged in.
    ///
    /// When the identity's link moved between the look at the token and the append, both are done again; a refusal that
    /// no append confirmed is given only for the link as it is.
    func command(
        _ request: DoorRequest, acr: Int, _ body: (Login, CommandContext) async throws -> DoorResponse
    ) async throws -> DoorResponse {
        var login = try await login(request)
        for _ in 0..<4 {
            try login.require(acr)
            do {
                return try await body(login, context(request, login.caller))
            } catch let error as MisakeyError {
                guard error.code == .forbidden, try await reads.haveMoved(login.caller.seen) else { throw error }
                login.caller.streams.forEach(log.forget)
                login = try await self.login(request)
            } catch let failure as Failure where failure == .unauthorized || failure == AccountService.premiseChanged {
                login.caller.streams.forEach(log.forget)
                login = try await self.login(request)
            }
        }
        throw Failure.unavailable(retryAfterSeconds: 1)
    }

    /// Runs a read for whoever logged in, on what everybody has been told of.
    func read(
        _ request: DoorRequest, acr: Int, _ body: (Login) async throws -> DoorResponse
    ) async throws -> DoorResponse {
        for _ in 0..<4 {
            let login = try await login(request)
            try login.require(acr)
            do {
                if try await !reads.haveMoved(login.caller.seen) { return try await body(login) }
            } catch {
                // What was looked for may have gone meanwhile, with its account.
                guard try await reads.haveMoved(login.caller.seen) else { throw error }
            }
            login.caller.streams.forEach(log.forget)
        }
        throw Failure.unavailable(retryAfterSeconds: 1)
    }

    func context(_ request: DoorRequest, _ caller: Caller) -> CommandContext {
        CommandContext(
            caller: caller, door: .misakey,
            request: AccountDomain.RequestID(high: request.requestID.high, low: request.requestID.low),
            trace: request.traceID.flatMap { TraceID(hexadecimal: $0) }, deadline: .now + .seconds(10))
    }
}

extension TraceID {
    /// The trace id of sixteen bytes in hexadecimal digits.
    fileprivate init?(hexadecimal digits: String) {
        guard digits.utf8.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
            let low = UInt64(digits.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}
