import AccountDomain
import Accounts
import DoorKit
import EventCoding
import StrictJSON

extension MeldDoor {
    func registerRemotes(on routes: inout Routes) {
        routes.post("/api/v1/remotes/decision", decideConnection)
    }

    /// Whether somebody may connect to a domain; asked by whatever terminates the connections, with root's key.
    private func decideConnection(_ request: DoorRequest) async throws -> DoorResponse {
        let meld = try MeldRequest(request)
        let caller = try await authenticate(meld)
        guard caller.isRoot else { throw MeldError.forbidden }
        let asked = try RemoteConnection(try meld.object(), gateway: settings.domain, rootName: settings.rootName)
        let accepted = try await confirmed { seen in try await self.decide(asked, &seen) }
        var json = JSONWriter()
        json.beginObject()
        json.member("account", accepted.account)
        json.member("user", accepted.user)
        json.member("by", accepted.by.rawValue)
        json.endObject()
        return .json(json.bytes)
    }

    /// Decides on what this gateway knows, and again when the streams turn out to have moved since.
    private func confirmed<Value>(_ decide: (inout [SeenStream]) async throws -> Value) async throws -> Value {
        for _ in 0..<3 {
            var seen: [SeenStream] = []
            let outcome: Result<Value, any Error>
            do { outcome = .success(try await decide(&seen)) } catch { outcome = .failure(error) }
            guard try await reads.haveMoved(seen) else { return try outcome.get() }
            seen.forEach { log.forget($0.stream) }
        }
        throw Failure.unavailable(retryAfterSeconds: 1)
    }

    private func decide(_ asked: RemoteConnection, _ seen: inout [SeenStream]) async throws -> RemoteConnection.Accepted
    {
        if let key = asked.key, root.matches(Digest.sha256(of: Array(key.utf8))) {
            return .init(account: asked.account.text, user: asked.user?.text, by: .root)
        }
        guard let domain = asked.domain else {
            // The gateway's own domain is root's alone.
            throw asked.isAnonymous
                ? MeldError.badRequest("The domain of an anonymous connection is a drawn one")
                : .forbidden
        }
        if asked.isAnonymous, !domain.isDrawn {
            throw MeldError.badRequest("The domain of an anonymous connection is a drawn one")
        }
        let account = try await self.account(asked.account, &seen)
        let modes = account?.state.remotesAuth.effective ?? [.key]
        let accepted: RemoteConnection.Accepted
        if asked.isAnonymous {
            guard modes.contains(.anon) else { throw MeldError.forbidden }
            accepted = .init(account: asked.account.text, user: nil, by: .anon)
        } else if let user = asked.user, let key = asked.key {
            guard modes.contains(.key) else { throw MeldError.forbidden }
            let holder = try await holder(user, key, &seen)
            try requireUse(of: account, by: holder)
            accepted = .init(account: asked.account.text, user: user.text, by: .key)
        } else if let jwt = asked.jwt {
            guard modes.contains(.jwt) else { throw MeldError.forbidden }
            guard let token = AccountToken(jwt) else { throw Failure.unauthorized }
            let (issuer, name) = try await issuer(of: token)
            seen.append(contentsOf: issuer.seen)
            try requireUse(of: account, by: issuer)
            accepted = .init(account: asked.account.text, user: token.subject ?? name, by: .jwt)
        } else {
            throw MeldError.forbidden
        }
        guard domain.isDrawn || account?.state.domains.contains(domain) == true else { throw MeldError.notFound }
        return accepted
    }

    private func account(_ name: AccountName, _ seen: inout [SeenStream]) async throws(Failure) -> (
        id: AccountID, state: Account
    )? {
        guard let id = try await service.account(named: name) else { return nil }
        let state = try await log.state(of: id)
        seen.append(SeenStream(stream: id, version: state.version, position: state.seen))
        guard case .account(let account) = state.aggregate, account.lifecycle.isLiving, account.profile.name == name
        else { return nil }
        return (id, account)
    }

    /// The account of a user who presents a key; verified as Basic is, but not counted against who asks for him.
    private func holder(_ user: AccountName, _ text: String, _ seen: inout [SeenStream]) async throws(Failure) -> Caller
    {
        guard let key = KeyString(text), key.applicationID == root.applicationID, let id = KeyID(key.keyID),
            let (stream, state) = try await account(user, &seen), let entry = state.accessKeys.living(id),
            entry.secretDigest == Digest.sha256(of: Array(key.secret.utf8))
        else { throw .unauthorized }
        if state.lifecycle.isBlocked { throw .callerBlocked }
        return Caller(.account(stream), .key(id))
    }

    private func requireUse(of account: (id: AccountID, state: Account)?, by caller: Caller) throws(MeldError) {
        guard let account, AccessPolicy.mayUseDomains(of: account.id, account.state, caller: caller) else {
            throw .forbidden
        }
    }
}
