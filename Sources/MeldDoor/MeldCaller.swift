import AccountDomain
import Accounts
import DoorKit

/// Who sends a request, by the name that this API knows accounts by.
struct MeldCaller: Sendable {
    let caller: Caller
    let name: String
    /// The key that was presented whole; nil for a token.
    let key: KeyString?

    var isRoot: Bool { caller.isRoot }

    /// Lets root and the account itself act on a name; everybody else is forbidden to, whether it exists or not.
    func mayActOn(_ target: AccountName) -> Bool { isRoot || name.utf8.elementsEqual(target.text.utf8) }
}

extension MeldDoor {
    /// Who sends a request.
    ///
    /// - Throws: ``Failure/unauthorized``, ``Failure/callerBlocked``, ``Failure/tooManyAttempts(retryAfterSeconds:)``;
    ///   `Forbidden` for a token that was made for somebody else's browser.
    func authenticate(_ meld: MeldRequest) async throws -> MeldCaller {
        switch meld.authorization {
        case .none: throw Failure.unauthorized
        case .basic:
            guard let (name, key) = meld.authorization.nameAndKey else {
                try await limits.take(.meldCredential, .client(meld.request.clientAddress))
                throw Failure.unauthorized
            }
            return try await authenticate(name, key, from: meld.request.clientAddress)
        case .bearer(let token):
            do {
                return try await authenticate(token: token)
            } catch let failure as Failure where failure == .unauthorized {
                try await limits.take(.meldCredential, .client(meld.request.clientAddress))
                throw failure
            }
        }
    }

    private func authenticate(_ name: String, _ text: String, from client: NetworkAddress) async throws -> MeldCaller {
        // Root's name is folded here, and nowhere else.
        let isRoot = name == settings.rootName
        guard isRoot || name != root.applicationID else { throw Failure.unauthorized }
        let caller = try await authenticator.caller(
            presenting: .basic(name: isRoot ? root.applicationID : name, key: text), from: client)
        let key = KeyString(text)
        if let id = caller.account {
            guard let key, !key.secret.contains(":"), !key.keyID.contains("."), try await isName(name, of: id)
            else { throw Failure.unauthorized }
        }
        return MeldCaller(caller: caller, name: name, key: key)
    }

    /// Whether what an account was let in by is its name: its id, which does elsewhere, is unknown here.
    private func isName(_ name: String, of id: AccountID) async throws(Failure) -> Bool {
        if name != id.description { return true }
        guard case .account(let account) = try await log.state(of: id).aggregate else { return false }
        return account.profile.name?.text == name
    }

    private func authenticate(token text: String) async throws -> MeldCaller {
        guard let token = AccountToken(text) else { throw Failure.unauthorized }
        let (caller, name) = try await issuer(of: token)
        // Tokens with a sub are handed to browsers of an app's users, who must not get at the account with them.
        guard token.subject == nil || token.subject == name || token.subject == settings.identity(of: name),
            !token.audiences.contains(AccountToken.remotesAudience(settings.domain))
        else { throw MeldError.forbidden }
        return MeldCaller(caller: caller, name: name, key: nil)
    }

    /// The account that a token says it comes from, when one of its living keys signed it and its time has not passed.
    ///
    /// - Throws: ``Failure/unauthorized`` whatever is wrong, ``Failure/callerBlocked``.
    func issuer(of token: AccountToken) async throws(Failure) -> (caller: Caller, name: String) {
        let prefix = settings.identity(of: "")
        let text = token.issuer.hasPrefix(prefix) ? String(token.issuer.dropFirst(prefix.count)) : token.issuer
        guard let name = try? AccountName(text), token.isInForce(at: clock()),
            let id = try await service.account(named: name)
        else { throw .unauthorized }
        do throws(Failure) { return (try await signer(of: token, id, name), name.text) } catch {
            guard error == .unauthorized || error == .callerBlocked else { throw error }
            // What is cached may be a second old: a refusal must hold on what is read anew.
            log.forget(id)
            return (try await signer(of: token, id, name), name.text)
        }
    }

    private func signer(of token: AccountToken, _ id: AccountID, _ name: AccountName) async throws(Failure) -> Caller {
        let state = try await log.state(of: id)
        guard case .account(let account) = state.aggregate, account.profile.name == name,
            let key = account.accessKeys.living(token.keyID), let publicKey = key.publicKey,
            signatures.isValid(token.signature, over: token.signed, by: publicKey)
        else { throw .unauthorized }
        let caller = Caller(
            .account(id), .key(key.id), seen: [SeenStream(stream: id, version: state.version, position: state.seen)])
        try caller.verify { _ in state.aggregate }
        return caller
    }

    /// Answers a read for its caller, and again when the caller's stream moved while it was on its way.
    func reading<Answer: Sendable>(
        _ meld: MeldRequest, _ body: (MeldCaller) async throws -> Answer
    ) async throws -> Answer {
        for _ in 0..<3 {
            let caller = try await authenticate(meld)
            do {
                return try await body(caller)
            } catch ReadFailure.callerMoved {
                caller.caller.streams.forEach(log.forget)
            }
        }
        throw Failure.unavailable(retryAfterSeconds: 1)
    }
}
