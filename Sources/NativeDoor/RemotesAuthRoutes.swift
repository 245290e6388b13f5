import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension NativeDoor {
    func registerRemotesAuth(on routes: inout Routes) {
        routes.get("/v1/accounts/{id}/remotes-auth") { request in
            try await self.part(request) { Self.write($0.remotesAuth, to: &$1) }
        }
        routes.patch("/v1/accounts/{id}/remotes-auth", patchRemotesAuth)
    }

    private func patchRemotesAuth(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            let id = try request.stream()
            let (insert, delete) = try request.read { reader in
                (Self.modes("insert", &reader), Self.modes("delete", &reader))
            }
            let appended = try await service.execute(
                .remotesAuth(.patch(insert: insert, delete: delete)), on: id, context)
            let modes = try await remotesAuth(of: id, version: appended.version)
            return .command(appended) { Self.write(modes, to: &$0) }
        }
    }

    /// The ways that stood at a version, which right after an append is the one that the log has at hand.
    private func remotesAuth(of id: AccountID, version: Int) async throws -> [RemoteAuthMode] {
        let state = try await log.state(of: id)
        if state.version == version, case .account(let account) = state.aggregate { return account.remotesAuth.modes }
        return try await reads.account(id, version: version).remotesAuth
    }

    private static func modes(_ name: String, _ reader: inout ObjectReader) -> [RemoteAuthMode] {
        let texts = reader.stringArray(name, maxCount: 16, maxCharacters: 8, rule: "anon, key or jwt") {
            RemoteAuthMode(rawValue: $0) != nil
        }
        return (texts.value ?? []).compactMap { RemoteAuthMode(rawValue: $0) }
    }

    private static func write(_ modes: [RemoteAuthMode], to json: inout JSONWriter) {
        json.beginObject()
        json.key("remotes_auth")
        json.strings((modes.isEmpty ? [.key] : modes).map(\.rawValue))
        json.endObject()
    }
}
