import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension NativeDoor {
    func registerIdentities(on routes: inout Routes) {
        routes.post("/v1/identities", createIdentity)
        routes.get("/v1/identities", listIdentities)
        routes.get("/v1/identities/{id}", readIdentity)
        routes.patch("/v1/identities/{id}", patchIdentity)
        routes.delete("/v1/identities/{id}", endIdentity)
        routes.post("/v1/identities/{id}/link", linkIdentity)
        routes.post("/v1/identities/{id}/unlink", unlinkIdentity)
    }

    private func createIdentity(_ request: DoorRequest) async throws -> DoorResponse {
        try await rootCommand(request) { context in
            let identifier = try request.read { reader in reader.requiredText("identifier", as: Identifier.self) }
            guard let identifier else { throw Problem.invalid("/identifier", "is required") }
            let appended = try await service.createIdentity(identifier, context)
            let id = try appended.madeStream()
            return try await identityAnswer(id, appended, status: 201, location: "/v1/identities/\(id)")
        }
    }

    private func readIdentity(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request) { caller in
            try AccessPolicy.requireRoot(caller)
            let identity = try await reads.identity(try request.stream())
            if let unchanged = try unchanged(request, identity.version) { return unchanged }
            return .resource(version: identity.version) { identity.write(to: &$0) }
        }
    }

    private func listIdentities(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Paging.parameters + ["identifier"]) { caller in
            try AccessPolicy.requireRoot(caller)
            let paging = try paging(request, caller)
            if let identifier = try request.text("identifier", as: Identifier.self) {
                let found = try await identity(identifier)
                return paging.answer(next: nil) { json in found?.write(to: &json) }
            }
            let page = try await reads.identities(try pageRequest(request, paging))
            return paging.answer(next: page.next, headers: [.position(page.position)]) { json in
                for identity in page.items { identity.write(to: &json) }
            }
        }
    }

    private func identity(_ identifier: Identifier) async throws -> IdentityView? {
        guard let id = try await log.owner(of: identifier.text, in: .identity) else { return nil }
        do { return try await reads.identity(id) } catch .notFound { return nil } catch .erased { return nil }
    }

    private func patchIdentity(_ request: DoorRequest) async throws -> DoorResponse {
        try await rootCommand(request) { context in
            let id = try request.stream()
            let method = try request.read { reader in
                let member = reader.choice("mfa", of: MFAMethod.self)
                if member.value == nil, reader.errors.isEmpty { reader.refuse("mfa", "is required") }
                return member.value ?? .disabled
            }
            return try await identityAnswer(id, try await service.changeMFA(method, of: id, context))
        }
    }

    private func endIdentity(_ request: DoorRequest) async throws -> DoorResponse {
        try await rootCommand(request) { context in
            .command(try await service.endIdentity(try request.stream(), context))
        }
    }

    private func linkIdentity(_ request: DoorRequest) async throws -> DoorResponse {
        try await rootCommand(request) { context in
            let (id, account) = (try request.stream(), try Self.account(in: request))
            return try await identityAnswer(id, try await service.link(id, to: account, context))
        }
    }

    private func unlinkIdentity(_ request: DoorRequest) async throws -> DoorResponse {
        try await rootCommand(request) { context in
            let (id, account) = (try request.stream(), try Self.account(in: request))
            return try await identityAnswer(id, try await service.unlink(id, from: account, context))
        }
    }

    private static func account(in request: DoorRequest) throws -> AccountID {
        let account = try request.read { reader in reader.requiredStream("account_id") }
        guard let account else { throw Problem.invalid("/account_id", "is required") }
        return account
    }

    /// Runs a command that only root may give; others are refused before their body is looked at.
    func rootCommand(
        _ request: DoorRequest, _ body: (CommandContext) async throws -> DoorResponse
    ) async throws -> DoorResponse {
        try await command(request) { context in
            try AccessPolicy.requireRoot(context.caller)
            return try await body(context)
        }
    }

    /// The identity as it was right after a command, for a repeat too.
    private func identityAnswer(
        _ id: IdentityID, _ appended: Appended, status: Int = 200, location: String? = nil
    ) async throws -> DoorResponse {
        guard appended.version > 0 else { throw Failure.notFound }
        var state = Aggregate.empty
        let events = try await log.events(of: id, versions: 1...Int32(clamping: appended.version))
        for event in events { state.apply(event.event) }
        guard case .identity(let identity) = state, let identifier = identity.identifier else { throw Failure.notFound }
        let view = IdentityView(
            id: id, identifier: identifier.text, account: identity.account, mfa: identity.mfa,
            version: appended.version, createdPosition: events.first?.position ?? 0)
        return .command(appended, status: status, location: location) { view.write(to: &$0) }
    }
}

extension IdentityView {
    /// Writes `{"id","identifier","account_id","mfa","version"}`.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", id)
        json.member("identifier", identifier)
        json.member("account_id", account)
        json.member("mfa", mfa.rawValue)
        json.member("version", version)
        json.endObject()
    }
}
