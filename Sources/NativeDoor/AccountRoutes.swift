import AccountDomain
import Accounts
import DoorKit
import NIOCore
import StrictJSON

extension NativeDoor {
    func registerAccounts(on routes: inout Routes) {
        routes.post("/v1/accounts", body: .upload, createAccount)
        routes.get("/v1/accounts", listAccounts)
        routes.get("/v1/me", readOwnAccount)
        routes.get("/v1/accounts/{id}", readAccount)
        routes.patch("/v1/accounts/{id}", patchAccount)
        routes.delete("/v1/accounts/{id}", eraseAccount)
    }

    private func createAccount(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            let new = try request.read { reader in
                NewAccount(reading: &reader, maximumBackupBytes: settings.maximumUploadBytes)
            }
            let appended = try await service.create(new, context)
            let id = try appended.madeStream()
            // Its events are all there are, so nothing need be loaded to show it.
            let view = AccountView(id, folding: appended.events)
            return .command(appended, status: 201, location: "/v1/accounts/\(id)") { view.write(to: &$0) }
        }
    }

    private func readAccount(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Self.timeTravel) { caller in
            try await accountResponse(try request.stream(), request, caller)
        }
    }

    private func readOwnAccount(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Self.timeTravel) { caller in
            guard let id = caller.account else { throw Failure.notFound }
            return try await accountResponse(id, request, caller)
        }
    }

    private func accountResponse(_ id: AccountID, _ request: DoorRequest, _ caller: Caller) async throws -> DoorResponse
    {
        guard request.query["at"] == nil else {
            let view = try await seen(id, request, caller).view
            if let unchanged = try unchanged(request, view.version) { return unchanged }
            return .resource(version: view.version) { view.write(to: &$0) }
        }
        let record = try await record(id, caller).record
        if let unchanged = try unchanged(request, record.version) { return unchanged }
        return DoorResponse(
            status: 200, contentType: "application/json", headers: [.etag(record.version)],
            body: .buffer(ByteBuffer(bytes: record.view.account)))
    }

    private func patchAccount(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            let id = try request.stream()
            let patch = try request.read { reader in AccountPatch(reading: &reader) }
            return try await accountAnswer(id, try await service.patch(patch, id, context))
        }
    }

    private func eraseAccount(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            .command(try await service.erase(try request.stream(), context))
        }
    }

    // MARK: - The list

    private static let filters = [
        "name", "email", "system", "activated", "blocked", "space", "created_after", "created_before",
    ]

    private func listAccounts(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Self.filters + Paging.parameters) { caller in
            let space = try await administeredSpace(caller)
            let paging = try paging(request, caller)
            let pageRequest = try pageRequest(request, paging)
            guard let filter = try await filter(request, within: space) else {
                return paging.answer(next: nil) { _ in }
            }
            let page = try await reads.accounts(filter, pageRequest)
            try await ensureUnmoved(caller)
            return paging.answer(next: page.next, headers: [.position(page.position)]) { json in
                for record in page.items { json.raw(Array(record.view.account)) }
            }
        }
    }

    /// The Space that bounds what the caller sees; nil for root.
    private func administeredSpace(_ caller: Caller) async throws -> SpaceID? {
        if caller.isRoot { return nil }
        guard let id = caller.account, case .account(let account) = try await log.state(of: id).aggregate,
            account.roles.isAdmin, let space = account.lifecycle.space
        else { throw Failure.forbidden }
        return space
    }

    /// What the list is filtered by; nil when nothing can pass.
    private func filter(_ request: DoorRequest, within space: SpaceID?) async throws -> AccountFilter? {
        var filter = AccountFilter()
        filter.name = try request.text("name", as: AccountName.self)?.text
        filter.email = try request.text("email", as: EmailAddress.self)?.text
        filter.system = try request.choice("system", of: System.self)
        filter.activated = try request.query.bool("activated")
        filter.blocked = try request.query.bool("blocked")
        filter.createdAfter = try request.moment("created_after")
        filter.createdBefore = try request.moment("created_before")
        filter.space = space
        if let domain = try request.text("space", as: SpaceDomain.self) {
            // A Space that is not there and one that the caller may not see are both empty.
            guard let wanted = try await log.owner(of: domain.text, in: .spaceDomain), space == nil || space == wanted
            else { return nil }
            filter.space = wanted
        }
        return filter
    }
}
