import AccountDomain
import Accounts
import DoorKit

extension NativeDoor {
    func registerAdministrators(on routes: inout Routes) {
        routes.put("/v1/accounts/{id}/admins/{account}") { try await self.setAdministrator($0, true) }
        routes.delete("/v1/accounts/{id}/admins/{account}") { try await self.setAdministrator($0, false) }
    }

    private func setAdministrator(_ request: DoorRequest, _ isAdministrator: Bool) async throws -> DoorResponse {
        try await command(request) { context in
            .command(
                try await service.setAdministrator(
                    try request.stream("account"), of: try request.stream(), isAdministrator, context))
        }
    }
}
