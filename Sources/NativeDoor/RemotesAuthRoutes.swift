import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension NativeDoor {
    func registerRemotesAuth(on routes: inout Routes) {
        routes.get("/v1/accounts/{id}/remotes-auth") { request in
            try await self.part(request) { Self.writeRemotesAuth($0, to: &$1) }
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
            let view = try await reads.account(id, version: appended.version)
            return .command(appended) { Self.writeRemotesAuth(view, to: &$0) }
        }
    }

    private static func modes(_ name: String, _ reader: inout ObjectReader) -> [RemoteAuthMode] {
        let texts = reader.stringArray(name, maxCount: 16, maxCharacters: 8, rule: "anon, key or jwt") {
            RemoteAuthMode(rawValue: $0) != nil
        }
        return (texts.value ?? []).compactMap { RemoteAuthMode(rawValue: $0) }
    }

    private static func writeRemotesAuth(_ view: AccountView, to json: inout JSONWriter) {
        json.beginObject()
        json.key("remotes_auth")
        json.strings((view.remotesAuth.isEmpty ? [.key] : view.remotesAuth).map(\.rawValue))
        json.endObject()
    }
}
