import AccountDomain
import Accounts
import DoorKit

extension NativeDoor {
    func registerExport(on routes: inout Routes) {
        routes.get("/v1/accounts/{id}/export", exportAccount)
    }

    /// Everything that is held about a person, for the person and root; not for an administrator of the Space.
    private func exportAccount(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Self.timeTravel) { caller in
            // Before the account, so that nothing of the account lies beyond what the export says it includes.
            let head = try await history.head().position
            let seen = try await seen(request, caller)
            guard seen.standing != .spaceAdministrator else { throw Failure.forbidden }
            let permit = try streams.permit(for: caller.scope)
            let export = AccountExport(
                view: seen.view, position: seen.position ?? max(head, seen.view.position), origin: settings.origin,
                service: service, reads: reads, history: history, log: log,
                mayGoOn: StreamAuthority(authenticator: authenticator, reads: reads, request: request, caller: caller))
            return DoorResponse(
                status: 200, contentType: "application/json",
                headers: [
                    .etag(seen.view.version), .position(export.position),
                    .init("Content-Disposition", "attachment; filename=\"account-\(seen.view.id).json\""),
                ],
                body: .stream { writer in
                    try await export.write { try await writer.write($0) }
                    withExtendedLifetime(permit) {}
                })
        }
    }
}
