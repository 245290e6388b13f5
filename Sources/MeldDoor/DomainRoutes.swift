import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension MeldDoor {
    func registerDomains(on routes: inout Routes) {
        routes.put("/api/v1/domain/{a}/{name}", putDomain)
        routes.post("/api/v1/domain/{a}", postDomain)
    }

    /// Registers a domain under a name that the caller gives.
    private func putDomain(_ request: DoorRequest) async throws -> DoorResponse {
        let meld = try MeldRequest(request)
        let name = try meld.name()
        let caller = try await authenticate(meld)
        guard let account = try await service.account(named: name), try await mayUseDomains(of: account, caller)
        else { throw MeldError.forbidden }
        guard let domain = try? DomainName(try request.parameter("name")) else {
            throw MeldError.badRequest("A domain's name must be a label of 1 to 63 of a-z, 0-9 and inner hyphens")
        }
        let user = try Self.endUser(meld)
        let appended = try await service.registerDomain(domain, of: account, named: name, meld.context(caller.caller))
        return try await settings(
            of: domain, name, account, isNew: !appended.events.isEmpty, caller: caller, user: user)
    }

    private func mayUseDomains(of account: AccountID, _ caller: MeldCaller) async throws -> Bool {
        func isAllowed(_ state: Aggregate) -> Bool {
            guard case .account(let state) = state else { return false }
            return AccessPolicy.mayUseDomains(of: account, state, caller: caller.caller)
        }
        if isAllowed(try await log.state(of: account).aggregate) { return true }
        // Perhaps another gateway has just made the caller an administrator.
        return isAllowed(try await service.currentState(of: account))
    }

    /// Registers a domain under a drawn name, for anybody, where the account allows it.
    ///
    /// Who presents a credential of its own is named in the answer, and gets a token where tokens are asked for.
    private func postDomain(_ request: DoorRequest) async throws -> DoorResponse {
        let meld = try MeldRequest(request)
        let name = try meld.name()
        // Nobody knows another method of this path.
        let refusal = MeldError.methodNotAllowed("")
        guard let account = try await service.account(named: name) else { throw refusal }
        if case .account(let state) = try await log.state(of: account).aggregate,
            state.naming.contexts.contains(.uuid)
        {
            try await limits.take(.drawnDomain, .client(request.clientAddress))
            try await limits.take(.drawnDomainOfAccount, .stream(account))
            try await limits.take(.drawnDomainInAll, .everybody)
        }
        let caller = try await knownCaller(meld)
        let domain: DomainName
        do throws(Failure) {
            domain = try await service.registerDrawnDomain(
                of: account, named: name, meld.context(caller?.caller ?? .anonymous))
        } catch {
            throw error == .forbidden ? refusal : error
        }
        return try await settings(of: domain, name, account, isNew: true, caller: caller, user: nil)
    }

    /// Who asks for what anybody may have; nil without a credential that holds, for nobody is refused.
    private func knownCaller(_ meld: MeldRequest) async throws -> MeldCaller? {
        guard meld.authorization != .none else { return nil }
        do { return try await authenticate(meld) } catch let failure as Failure {
            guard failure == .unauthorized || failure == .callerBlocked else { throw failure }
            return nil
        } catch is MeldError { return nil }
    }

    /// The end user of the app that a token shall be for: an IRI in the member `user`.
    private static func endUser(_ meld: MeldRequest) throws(MeldError) -> String? {
        guard meld.body != nil else { return nil }
        let object = try meld.object()
        guard object.keys.allSatisfy({ $0 == "user" }) else { throw .badRequest("Only user is known") }
        guard let value = object["user"] else { return nil }
        guard case .string(let iri) = value, isIRI(iri) else { throw .badRequest("user must be an absolute IRI") }
        return iri
    }

    private static func isIRI(_ text: String) -> Bool {
        guard (3...1_024).contains(text.utf8.count), let colon = text.firstIndex(of: ":"), colon != text.startIndex,
            text[..<colon].utf8.allSatisfy({
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            })
        else { return false }
        return text.unicodeScalars.allSatisfy {
            $0.value > 0x20 && !(0x7F...0x9F).contains($0.value) && $0 != "<" && $0 != ">" && $0 != "\""
        }
    }

    /// How a clone connects to a domain.
    private func settings(
        of domain: DomainName, _ name: AccountName, _ account: AccountID, isNew: Bool, caller: MeldCaller?,
        user: String?
    ) async throws -> DoorResponse {
        guard case .account(let state) = try await log.state(of: account).aggregate else { throw Failure.forbidden }
        var json = JSONWriter(reservingCapacity: 512)
        json.beginObject()
        json.member("@domain", "\(domain.text).\(name.text).\(settings.domain)")
        json.member("genesis", isNew)
        json.key("io")
        json.beginObject()
        json.member("uri", "https://\(settings.domain)/")
        let modes = state.remotesAuth.effective
        if modes.contains(.jwt) || modes.contains(.key) {
            json.key("opts")
            json.beginObject()
            json.key("auth")
            json.beginObject()
            if modes.contains(.jwt) {
                json.member("jwt", try await mintToken(caller, for: user) ?? "≪your-token≫")
            } else {
                json.member("key", "≪your-auth-key≫")
                json.member("user", caller?.name ?? "≪your-account-name≫")
            }
            json.endObject()
            json.endObject()
        }
        json.endObject()
        json.endObject()
        return .json(json.bytes)
    }

    /// A token of the caller's, when it presented the whole key that its private key is encrypted under.
    private func mintToken(_ caller: MeldCaller?, for user: String?) async throws(Failure) -> String? {
        guard let caller, let account = caller.caller.account, let key = caller.key, let id = KeyID(key.keyID),
            let sealed = try await privateKey(id, of: account)
        else { return nil }
        let unsigned = AccountToken.unsigned(
            keyID: id, issuer: settings.identity(of: caller.name), subject: user,
            audience: AccountToken.remotesAudience(settings.domain), at: clock())
        let signature = try await signatures.sign(unsigned, with: sealed, passphrase: Array(key.secret.utf8))
        return "\(String(decoding: unsigned, as: UTF8.self)).\(Base64URL.encode(signature))"
    }

    /// The encrypted private key of a key, from the event that issued it: nothing else remembers it.
    private func privateKey(_ id: KeyID, of account: AccountID) async throws(Failure) -> [UInt8]? {
        let page: Int32 = 500
        var first: Int32 = 1
        while true {
            let events = try await log.events(of: account, versions: first...first + page - 1)
            for event in events {
                if case .account(.accessKeys(.issued(let key))) = event.event, key.id == id {
                    return key.privateKeySealed
                }
            }
            guard events.count == Int(page) else { return nil }
            first += page
        }
    }
}
