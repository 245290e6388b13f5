import AccountDomain
import Accounts
import DoorKit

extension NativeDoor {
    func registerPasswords(on routes: inout Routes) {
        routes.put("/v1/accounts/{id}/password", changePassword)
        routes.post("/v1/accounts/{id}/password/verify", verifyPassword)
    }

    private func changePassword(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            let id = try request.stream()
            let (old, new) = try request.read { reader in
                let old = reader.password("old_password")
                let member = reader.newPassword("new_password")
                if member.value == nil, reader.errors.isEmpty { reader.refuse("new_password", "is required") }
                return (old, member.value ?? [])
            }
            guard let old else {
                return .command(try await service.changePassword(of: id, old: nil, new: new, context))
            }
            _ = try await record(id, context.caller, for: .change)
            try await limits.take(.password, .stream(id))
            let appended = try await service.changePassword(of: id, old: old, new: new, context)
            await limits.refund(.password, .stream(id))
            return .command(appended)
        }
    }

    private func verifyPassword(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request) { caller in
            let id = try request.stream()
            let password = try request.read { reader in reader.requiredPassword("password") }
            // Looked at first, so that a stranger cannot use up the attempts of an account.
            _ = try await record(id, caller)
            try await limits.take(.password, .stream(id))
            let version = try await service.verifyPassword(password, of: id, caller)
            await limits.refund(.password, .stream(id))
            return .empty(headers: [.etag(version)])
        }
    }
}
