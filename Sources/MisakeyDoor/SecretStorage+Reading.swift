import AccountDomain
import DoorKit
import StrictJSON

extension MemberReader {
    /// The members of a secret storage; its keys and shares may be none.
    func secretStorage() -> SecretStorageContents? {
        let rootKey = child("account_root_key")?.sealedKey()
        let vaultKey = child("vault_key")?.sealedKey()
        let keys = asymmetricKeys()
        let shares = shares()
        guard let rootKey, let vaultKey, let keys, let shares else { return nil }
        return SecretStorageContents(rootKey: rootKey, vaultKey: vaultKey, asymmetricKeys: keys, shares: shares)
    }

    private func sealedKey() -> SealedKey? {
        let hash = urlText("key_hash", maximum: MisakeyDoor.hashes)
        let encrypted = urlText("encrypted_key", maximum: MisakeyDoor.encryptedKeys)
        guard let hash, let encrypted else { return nil }
        return SealedKey(hash: hash, encrypted: encrypted)
    }

    private func asymmetricKeys() -> [AsymmetricKey]? {
        guard let reader = child("asym_keys") else { return nil }
        guard reader.object.count <= SecretStorage.maximum else {
            refuse("asym_keys", .invalid)
            return nil
        }
        var keys: [AsymmetricKey] = []
        for member in reader.object.members {
            // Its name is the client's, so it stands in no refusal.
            guard
                let publicKey = check(
                    member.key, "asym_keys", maximum: MisakeyDoor.publicKeys, padded: false, prefix: .optional)
            else { return nil }
            guard case .object(let object) = member.value else {
                refuse("asym_keys", .malformed)
                return nil
            }
            let key = MemberReader(object, findings, place: "asym_keys.*.")
            guard let secret = key.urlText("encrypted_secret_key", maximum: MisakeyDoor.secretKeys) else { return nil }
            keys.append(AsymmetricKey(publicKey: publicKey, encryptedSecretKey: secret))
        }
        return keys
    }

    private func shares() -> [BoxKeyShare]? {
        guard let value = object["box_key_shares"], !value.isNull else { return [] }
        guard case .object(let object) = value else {
            refuse("box_key_shares", .malformed)
            return nil
        }
        guard object.count <= SecretStorage.maximum else {
            refuse("box_key_shares", .invalid)
            return nil
        }
        var shares: [BoxKeyShare] = []
        var boxes: Set<String> = []
        for member in object.members {
            guard let box = DoorRequest.randomUUID(member.key), boxes.insert(box).inserted,
                case .object(let object) = member.value
            else {
                refuse("box_key_shares", .malformed)
                return nil
            }
            let reader = MemberReader(object, findings, place: "box_key_shares.*.")
            guard let share = reader.share(of: box) else { return nil }
            shares.append(share)
        }
        return shares
    }

    /// The share of a box, with an id drawn for it.
    func share(of box: String) -> BoxKeyShare? {
        let hash = urlText("invitation_share_hash", maximum: MisakeyDoor.hashes)
        let encrypted = urlText("encrypted_invitation_share", maximum: MisakeyDoor.encryptedKeys)
        guard let hash, let encrypted else { return nil }
        var generator = SystemRandomNumberGenerator()
        return BoxKeyShare(
            box: box, id: StreamID.random(using: &generator).description, invitationShareHash: hash,
            encryptedInvitationShare: encrypted)
    }

    /// The public keys of an identity; those for AES with RSA may be left out.
    func identityKeys() -> IdentityKeys? {
        let maximum = MisakeyDoor.publicKeys
        let publicKey = urlText("pubkey", maximum: maximum, prefix: .optional)
        let nonIdentified = urlText("non_identified_pubkey", maximum: maximum, prefix: .optional)
        let aesRSA = optionalURLText("pubkey_aes_rsa", maximum: maximum, prefix: .required)
        let nonIdentifiedAESRSA = optionalURLText("non_identified_pubkey_aes_rsa", maximum: maximum, prefix: .required)
        guard let publicKey, let nonIdentified else { return nil }
        return IdentityKeys(
            publicKey: publicKey, nonIdentifiedPublicKey: nonIdentified, aesRSA: aesRSA,
            nonIdentifiedAESRSA: nonIdentifiedAESRSA)
    }
}
