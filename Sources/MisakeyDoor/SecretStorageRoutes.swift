import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension MisakeyDoor {
    func registerSecretStorage(on routes: inout Routes) {
        routes.get("/crypto/secret-storage", readSecretStorage)
        routes.post("/crypto/migration/v2", body: .upload, migrate)
        routes.post("/crypto/secret-storage/asym-keys", addAsymmetricKey)
        routes.delete("/crypto/secret-storage/asym-keys", removeAsymmetricKeys)
        routes.put("/crypto/secret-storage/box-key-shares/{id}", putShare)
        routes.delete("/crypto/secret-storage/box-key-shares", removeShares)
    }

    private func readSecretStorage(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, acr: 2) { login in
            try request.requireReadableQuery()
            guard case .account(let account) = try await log.state(of: try login.ownAccount()).aggregate,
                let rootKey = account.secretStorage.rootKey, let vaultKey = account.secretStorage.vaultKey
            else {
                throw MisakeyError(.conflict, .body, "secret_storage", .conflict, "the account is still on its backup")
            }
            var json = JSONWriter(reservingCapacity: 512 + account.secretStorage.characters)
            json.beginObject()
            json.key("account_root_key")
            rootKey.write(to: &json)
            json.key("vault_key")
            vaultKey.write(to: &json)
            json.key("asym_keys")
            json.beginObject()
            for (publicKey, secret) in account.secretStorage.asymmetricKeys.sorted(by: { $0.key < $1.key }) {
                json.key(publicKey)
                json.beginObject()
                json.member("encrypted_secret_key", secret)
                json.endObject()
            }
            json.endObject()
            json.key("box_key_shares")
            json.beginObject()
            for (box, kept) in account.secretStorage.shares.sorted(by: { $0.key < $1.key }) {
                json.key(box)
                kept.write(to: &json)
            }
            json.endObject()
            json.endObject()
            return .json(json.bytes)
        }
    }

    private func migrate(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request, acr: 2) { login, context in
            let (storage, keys) = try request.read { reader -> (SecretStorageContents, IdentityKeys?)? in
                let hasKeys =
                    reader.value("pubkey") != nil || reader.value("non_identified_pubkey") != nil
                    || reader.value("pubkey_aes_rsa") != nil || reader.value("non_identified_pubkey_aes_rsa") != nil
                let keys = hasKeys ? reader.identityKeys() : nil
                return reader.secretStorage().map { ($0, keys) }
            }
            let account = try login.ownAccount()
            do throws(Failure) {
                _ = try await service.migrate(account, to: storage, keys: keys, context)
            } catch {
                guard case .invalid(_, let value) = error else { throw error }
                let what: MisakeyError.Value = value == "required" ? .required : .conflict
                throw MisakeyError(.badRequest, .body, "pubkey", what).with("non_identified_pubkey", what.rawValue)
            }
            return .empty()
        }
    }

    // MARK: - Keys

    private func addAsymmetricKey(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request, acr: 2) { login, context in
            let (key, hash) = try request.read { reader -> (AsymmetricKey, String)? in
                let publicKey = reader.urlText("public_key", maximum: Self.publicKeys, prefix: .optional)
                let secret = reader.urlText("encrypted_secret_key", maximum: Self.secretKeys)
                let hash = reader.urlText("account_root_key_hash", maximum: Self.hashes)
                guard let publicKey, let secret, let hash else { return nil }
                return (AsymmetricKey(publicKey: publicKey, encryptedSecretKey: secret), hash)
            }
            _ = try await service.changeSecretStorage(of: try login.ownAccount(), context) { _ in
                .addAsymmetricKey(key, rootKeyHash: hash)
            }
            var json = JSONWriter()
            json.beginObject()
            json.member("public_key", key.publicKey)
            json.member("encrypted_secret_key", key.encryptedSecretKey)
            json.member("account_root_key_hash", hash)
            json.endObject()
            return .json(json.bytes)
        }
    }

    private func removeAsymmetricKeys(_ request: DoorRequest) async throws -> DoorResponse {
        try await remove(request, "public_keys") { .removeAsymmetricKeys($0) }
    }

    private func removeShares(_ request: DoorRequest) async throws -> DoorResponse {
        try await remove(request, "box_ids") { boxes in .removeShares(boxes.map { DoorRequest.randomUUID($0) ?? $0 }) }
    }

    private func remove(
        _ request: DoorRequest, _ name: String, _ make: @escaping @Sendable ([String]) -> SecretStorage.Command
    ) async throws -> DoorResponse {
        try await command(request, acr: 2) { login, context in
            let names = try request.read { reader in reader.texts(name) }
            let account = try login.ownAccount()
            do throws(Failure) {
                _ = try await service.changeSecretStorage(of: account, context) { _ in make(names) }
            } catch {
                guard error == .account(.secretStorage(.notFound)) else { throw error }
                throw MisakeyError(.notFound, .body, name, .notFound)
            }
            return .empty()
        }
    }

    private func putShare(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request, acr: 2) { login, context in
            let box = try request.id("box_id")
            let (share, hash) = try request.read { reader -> (BoxKeyShare, String)? in
                let share = reader.share(of: box.description)
                let hash = reader.urlText("account_root_key_hash", maximum: Self.hashes)
                guard let share, let hash else { return nil }
                return (share, hash)
            }
            let appended = try await service.changeSecretStorage(of: try login.ownAccount(), context) { now in
                .putShare(share, rootKeyHash: hash, at: now)
            }
            let shares = try await service.currentState(of: try login.ownAccount())
            guard appended.version > 0, case .account(let account) = shares,
                let kept = account.secretStorage.shares[box.description]
            else { return .empty(status: 200) }
            var json = JSONWriter()
            kept.write(to: &json)
            return .json(json.bytes)
        }
    }

    /// The longest hashes, in characters.
    static let hashes = 255
    /// The longest encrypted keys.
    static let encryptedKeys = 1_023
    /// The longest public keys.
    static let publicKeys = 1_023
    /// The longest secret halves.
    static let secretKeys = 4_095
}

extension Login {
    /// The account of the token's identity.
    func ownAccount() throws(MisakeyError) -> AccountID {
        guard let account else {
            throw MisakeyError(.forbidden, origin, "account_id", .forbidden, "the identity has no account")
        }
        return account
    }
}

extension SealedKey {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("key_hash", hash)
        json.member("encrypted_key", encrypted)
        json.endObject()
    }
}

extension SecretStorage.KeptShare {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", share.id)
        json.member("invitation_share_hash", share.invitationShareHash)
        json.member("encrypted_invitation_share", share.encryptedInvitationShare)
        json.member("created_at", createdAt)
        json.member("updated_at", updatedAt)
        json.endObject()
    }
}
