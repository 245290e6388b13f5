import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension NativeDoor {
    func registerSpaces(on routes: inout Routes) {
        routes.post("/v1/spaces", createSpace)
        routes.get("/v1/spaces", listSpaces)
        routes.get("/v1/spaces/{domain}", readSpace)
        routes.patch("/v1/spaces/{domain}", patchSpace)
        routes.delete("/v1/spaces/{domain}", closeSpace)
    }

    private func createSpace(_ request: DoorRequest) async throws -> DoorResponse {
        try await rootCommand(request) { context in
            let settings = try request.read { reader in SpaceSettings(reading: &reader) }
            guard let settings else { throw Problem.invalid("", "must be the settings of a Space") }
            let appended = try await service.createSpace(settings, context)
            let id = try appended.madeStream()
            return try await spaceAnswer(
                id, appended, accounts: 0, status: 201, location: "/v1/spaces/\(settings.domain.text)")
        }
    }

    private func readSpace(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request) { caller in
            try AccessPolicy.requireRoot(caller)
            let space = try await reads.space(try await space(request))
            if let unchanged = try unchanged(request, space.version) { return unchanged }
            return .resource(version: space.version) { space.write(to: &$0) }
        }
    }

    private func listSpaces(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Paging.parameters) { caller in
            try AccessPolicy.requireRoot(caller)
            let paging = try paging(request, caller)
            let page = try await reads.spaces(try pageRequest(request, paging))
            return paging.answer(next: page.next, headers: [.position(page.position)]) { json in
                for space in page.items { space.write(to: &json) }
            }
        }
    }

    private func patchSpace(_ request: DoorRequest) async throws -> DoorResponse {
        try await rootCommand(request) { context in
            let id = try await space(request)
            let patch = try request.read { reader in SpacePatch(reading: &reader) }
            let appended = try await service.changeSpace(id, context) { old throws(Failure) in patch.applied(to: old) }
            return try await spaceAnswer(id, appended, accounts: try await reads.space(id).accounts)
        }
    }

    private func closeSpace(_ request: DoorRequest) async throws -> DoorResponse {
        try await rootCommand(request) { context in
            let id = try await space(request)
            let appended = try await service.closeSpace(id, context)
            return .empty(status: 202, headers: appended.headers)
        }
    }

    private func space(_ request: DoorRequest) async throws -> SpaceID {
        guard let domain = try? SpaceDomain(try request.parameter("domain")) else { throw Failure.notFound }
        return try await service.space(withDomain: domain.text)
    }

    /// The Space as it was right after a command.
    private func spaceAnswer(
        _ id: SpaceID, _ appended: Appended, accounts: Int, status: Int = 200, location: String? = nil
    ) async throws -> DoorResponse {
        guard appended.version > 0 else { throw Failure.notFound }
        var state = Aggregate.empty
        let events = try await log.events(of: id, versions: 1...Int32(clamping: appended.version))
        for event in events { state.apply(event.event) }
        guard case .space(let space) = state, let settings = space.settings, let first = events.first else {
            throw Failure.notFound
        }
        let view = SpaceView(
            id: id, settings: settings, isClosed: space.isClosed, accounts: accounts, version: appended.version,
            createdAt: first.recordedAt, createdPosition: first.position)
        return .command(appended, status: status, location: location) { view.write(to: &$0) }
    }
}

extension SpaceView {
    /// Writes the Space of docs/native-api.md.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", id)
        json.member("name", settings.name.text)
        json.member("domain", settings.domain.text)
        json.member("host", settings.host?.text)
        json.member("super", settings.isSuper)
        json.member("realm", settings.realm)
        json.member("max_accounts", settings.maximumAccounts)
        json.member("email_unique", settings.emailUnique)
        json.member("expires_at", settings.expiresAt)
        json.member("username_min_length", settings.usernameMinimumLength)
        json.member("password_min_length", settings.passwordMinimumLength)
        json.member("accounts", accounts)
        json.member("closed", isClosed)
        json.member("version", version)
        json.member("created_at", createdAt)
        json.endObject()
    }
}
