import AccountDomain
import Accounts
import Crypto
import DoorKit
import StrictJSON

extension MisakeyDoor {
    func registerPasswords(on routes: inout Routes) {
        routes.get("/accounts/{id}/pwd-params", readParameters)
        routes.put("/accounts/{id}/password", body: .upload, changePassword)
        // As the vendor's page has it in one place.
        routes.put("/account/{id}/password", body: .upload, changePassword)
        routes.put("/accounts/{id}/set-password", body: .upload, setPassword)
        // As the vendor's own web client sends it.
        routes.post("/accounts/{id}/set-password", body: .upload, setPassword)
    }

    // MARK: - Parameters

    /// Public: what the client must hash its password with; credentials are not looked at.
    private func readParameters(_ request: DoorRequest) async throws -> DoorResponse {
        let id = try request.id("account_id")
        let parameters: PrehashParameters
        if case .account(let account) = try await service.currentState(of: id), account.lifecycle.isLiving,
            case .argon2ServerRelief(let relief) = account.password.verifier
        {
            parameters = relief.parameters
        } else if let key = settings.decoyKey {
            parameters = .decoy(of: id, key)
        } else {
            throw MisakeyError(.notFound, .path, "id", .notFound)
        }
        var json = JSONWriter()
        parameters.write(to: &json, salt: "salt_base_64")
        return .json(json.bytes)
    }

    // MARK: - Changes

    private func changePassword(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request, acr: 2) { login, context in
            let id = try request.id("account_id")
            let change = try request.read { reader in reader.passwordChange() }
            try login.requireOwner(of: id)
            try await limits.take(.misakeyPassword, .stream(id))
            do throws(Failure) { _ = try await service.changePassword(of: id, change, context) } catch {
                if error != .wrongPassword { await limits.refund(.misakeyPassword, .stream(id)) }
                guard error == .account(.backup(.locked)) else { throw error }
                throw MisakeyError(.conflict, .body, "backup_data", .locked, "the backup is read-only")
            }
            await limits.refund(.misakeyPassword, .stream(id))
            return .empty()
        }
    }

    /// How strong the log-in must be depends on the identity's second factor.
    private func setPassword(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request, acr: 1) { login, context in
            try login.require(try await requiredStrength(login))
            let id = try request.id("account_id")
            let (password, storage, keys) = try request.read {
                reader -> (PrehashedPassword, SecretStorageContents, IdentityKeys)? in
                let password = reader.prehashedPassword("prehashed_password")
                let child = reader.child("secret_storage")
                let (storage, keys) = (child?.secretStorage(), child?.identityKeys())
                guard let password, let storage, let keys else { return nil }
                return (password, storage, keys)
            }
            try login.requireOwner(of: id)
            do throws(Failure) {
                _ = try await service.setPassword(of: id, password, storage, keys: keys, context)
            } catch {
                // The second factor was changed in this very moment.
                guard error == .forbidden else { throw error }
                log.forget(login.identity)
                throw MisakeyError.acrTooLow(required: try await requiredStrength(login))
            }
            return .empty()
        }
    }

    private func requiredStrength(_ login: Login) async throws -> Int {
        guard case .identity(let identity) = try await log.state(of: login.identity).aggregate else { return 1 }
        return identity.mfa.requiredStrength
    }
}

extension MemberReader {
    /// The members of a change of password: with the encrypted root key, or with the backup as older clients do it.
    fileprivate func passwordChange() -> PasswordChange? {
        let old = prehashedPassword("old_prehashed_password")
        let new = prehashedPassword("new_prehashed_password")
        var backup: (text: BackupText, version: Int)?
        let hasPair = value("backup_data") != nil || value("backup_version") != nil
        if hasPair {
            let (text, version) = (backupText("backup_data"), integer("backup_version"))
            if let text, let version { backup = (text, version) }
        }
        let name = "encrypted_account_root_key"
        let rootKey =
            hasPair
            ? optionalURLText(name, maximum: 1_023, padded: true) : urlText(name, maximum: 1_023, padded: true)
        guard let old, let new else { return nil }
        return PasswordChange(old: old, new: new, encryptedRootKey: rootKey, backup: backup)
    }
}

extension PrehashParameters {
    /// What an unknown account seems to have: of the usual shape, and the same each time.
    fileprivate static func decoy(of id: AccountID, _ key: SymmetricKey) -> PrehashParameters {
        let code = HMAC<SHA256>.authenticationCode(for: Array(id.description.utf8), using: key)
        return PrehashParameters(
            memory: 1_024, iterations: 1, parallelism: 1, salt: Base64.encode(Array(code.prefix(16))))
    }
}
