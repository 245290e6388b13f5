import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension MisakeyDoor {
    func registerIdentities(on routes: inout Routes) {
        routes.get("/identities/{id}", readIdentity)
        routes.post("/identities/{id}/account", body: .upload, createAccount)
    }

    private func readIdentity(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, acr: 1) { login in
            try login.requireIdentity(try request.id("identity_id"))
            guard case .identity(let identity) = try await log.state(of: login.identity).aggregate,
                let identifier = identity.identifier
            else { throw Failure.unauthorized }
            var json = JSONWriter()
            json.beginObject()
            json.member("id", login.identity)
            json.member("account_id", login.caller.account)
            json.member("has_account", identity.account != nil)
            json.member("identifier_value", identifier.text)
            json.member("identifier_kind", "email")
            json.member("display_name", identifier.displayName)
            json.member("notifications", "minimal")
            json.member("avatar_url", String?.none)
            json.member("color", String?.none)
            json.member("level", 10)
            json.member("mfa_method", identity.mfa.rawValue)
            json.member("pubkey", identity.publicKeys?.publicKey)
            json.member("non_identified_pubkey", identity.publicKeys?.nonIdentifiedPublicKey)
            json.member("pubkey_aes_rsa", identity.publicKeys?.aesRSA)
            json.member("non_identified_pubkey_aes_rsa", identity.publicKeys?.nonIdentifiedAESRSA)
            json.member("has_totp_secret", false)
            json.endObject()
            return .json(json.bytes)
        }
    }

    private func createAccount(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request, acr: 1) { login, context in
            let id = try request.id("identity_id")
            let (password, backup) = try request.read { reader -> (PrehashedPassword, BackupText)? in
                let password = reader.prehashedPassword("prehashed_password")
                let backup = reader.backupText("backup_data")
                guard let password, let backup else { return nil }
                return (password, backup)
            }
            try login.requireIdentity(id)
            let account = try await service.createAccount(of: id, password: password, backup: backup, context)
            var json = JSONWriter(reservingCapacity: 512 + backup.data.count * 4 / 3)
            json.beginObject()
            json.member("id", account)
            json.key("prehashed_password")
            json.beginObject()
            json.key("params")
            password.parameters.write(to: &json, salt: "salt_base64")
            json.endObject()
            json.key("backup_data")
            json.backup(backup.data, ending: backup.ending)
            json.member("backup_version", 1)
            json.endObject()
            return .json(json.bytes, status: 201)
        }
    }
}

extension Login {
    /// Lets the identity itself through, whether the other exists or not.
    fileprivate func requireIdentity(_ id: IdentityID) throws(MisakeyError) {
        guard id == identity else { throw MisakeyError(.forbidden, .path, "identity_id", .forbidden) }
    }
}

extension Identifier {
    /// What stands before the @.
    var displayName: String { String(text.prefix { $0 != "@" }) }
}

extension PrehashParameters {
    /// Writes the four members; the salt has the name that a route has for it.
    func write(to json: inout JSONWriter, salt name: String) {
        json.beginObject()
        json.member("memory", memory)
        json.member("parallelism", parallelism)
        json.member("iterations", iterations)
        json.member(name, salt)
        json.endObject()
    }
}
