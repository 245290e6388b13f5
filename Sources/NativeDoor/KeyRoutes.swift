import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension NativeDoor {
    func registerKeys(on routes: inout Routes) {
        routes.post("/v1/accounts/{id}/keys", issueKey)
        routes.get("/v1/accounts/{id}/keys", listKeys)
        routes.delete("/v1/accounts/{id}/keys/{keyid}", revokeKey)
    }

    private func issueKey(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            let id = try request.stream()
            let (kind, label) = try request.readIfAny { reader in
                (reader.choice("type", of: KeyKind.self).value, reader.text("name", as: KeyLabel.self).value)
            }
            let issued = try await service.issueKey(kind ?? .key, label: label, for: id, context)
            guard let shown = AccountView(id, folding: issued.appended.events).keys.first else {
                throw Failure.fault("a key was issued without its event")
            }
            return .command(issued.appended, status: 201) { Self.write(issued, shown, to: &$0) }
        }
    }

    /// The key with its secrets, which a repeat shows as null.
    private static func write(_ issued: NewKey, _ shown: AccountView.Key, to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", shown.id.description)
        json.member("key", issued.keyString)
        json.member("type", shown.kind.rawValue)
        json.member("name", shown.label)
        json.member("created_at", shown.createdAt)
        json.member("revoked_at", shown.revokedAt)
        if let publicKey = issued.publicKey {
            json.key("rsa")
            json.beginObject()
            json.key("public")
            json.base64(publicKey)
            json.key("private")
            if let sealed = issued.privateKeySealed { json.base64(sealed) } else { json.null() }
            json.endObject()
        }
        json.endObject()
    }

    private func listKeys(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Paging.parameters + Self.timeTravel) { caller in
            let paging = try paging(request, caller)
            let view = try await seen(request, caller).view
            if let unchanged = try unchanged(request, view.version) { return unchanged }
            return paging.answer(slicing: view.keys, headers: [.etag(view.version)]) { $0.write(to: &$1) }
        }
    }

    private func revokeKey(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            let id = try request.stream()
            guard let key = KeyID(try request.parameter("keyid")) else { throw Failure.notFound }
            return .command(try await service.revokeKey(key, of: id, context))
        }
    }
}
