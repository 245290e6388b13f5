import AccountDomain
import StrictJSON

extension EventCoding {
    static func encode(_ event: SecretStorage.Event) -> EncodedEvent {
        switch event {
        case .installed(let root, let vault):
            var encoded = EncodedEvent("secret_storage.installed.v1")
            encoded.content.personal.set("root_key", json: json(root))
            encoded.content.personal.set("vault_key", json: json(vault))
            return encoded
        case .rootKeyChanged(let encrypted):
            var encoded = EncodedEvent("root_key.changed.v1")
            encoded.content.personal.set("encrypted_key", encrypted)
            return encoded
        case .asymmetricKeysAdded(let keys):
            var encoded = EncodedEvent("asym_key.added.v1", ["count": .count(keys.count)])
            encoded.content.personal.set(
                "keys",
                json: .array(
                    keys.map {
                        ["encrypted_secret_key": .string($0.encryptedSecretKey), "public_key": .string($0.publicKey)]
                    }))
            return encoded
        case .asymmetricKeysRemoved(let keys):
            var encoded = EncodedEvent("asym_key.removed.v1", ["count": .count(keys.count)])
            encoded.content.personal.set("public_keys", texts: keys)
            return encoded
        case .sharesPut(let shares, let now):
            var encoded = EncodedEvent("box_key_share.put.v1", ["at": .moment(now), "count": .count(shares.count)])
            encoded.content.personal.set("shares", json: .array(shares.map { json($0) }))
            return encoded
        case .sharesRemoved(let boxes):
            var encoded = EncodedEvent("box_key_share.removed.v1", ["count": .count(boxes.count)])
            encoded.content.personal.set("boxes", texts: boxes)
            return encoded
        }
    }

    private static func json(_ key: SealedKey) -> JSONValue {
        ["encrypted_key": .string(key.encrypted), "key_hash": .string(key.hash)]
    }

    private static func json(_ share: BoxKeyShare) -> JSONValue {
        [
            "box": .string(share.box), "encrypted_invitation_share": .string(share.encryptedInvitationShare),
            "id": .string(share.id), "invitation_share_hash": .string(share.invitationShareHash),
        ]
    }

    static let secretStorageDecoders: [String: Decoder] = [
        "secret_storage.installed.v1": { _, content throws(EventCodingError) in
            .account(
                .secretStorage(
                    .installed(
                        rootKey: try key(content.personal, "root_key"),
                        vaultKey: try key(content.personal, "vault_key"))))
        },
        "root_key.changed.v1": { _, content throws(EventCodingError) in
            .account(
                .secretStorage(.rootKeyChanged(encrypted: try content.personal.required("encrypted_key"))))
        },
        "asym_key.added.v1": { _, content throws(EventCodingError) in
            var keys: [AsymmetricKey] = []
            for item in try content.personal.objects("keys") {
                keys.append(
                    AsymmetricKey(
                        publicKey: try item.required("public_key"),
                        encryptedSecretKey: try item.required("encrypted_secret_key")))
            }
            return .account(.secretStorage(.asymmetricKeysAdded(keys)))
        },
        "asym_key.removed.v1": { _, content throws(EventCodingError) in
            .account(.secretStorage(.asymmetricKeysRemoved(content.personal.texts("public_keys"))))
        },
        "box_key_share.put.v1": { data, content throws(EventCodingError) in
            var shares: [BoxKeyShare] = []
            for item in try content.personal.objects("shares") {
                shares.append(
                    BoxKeyShare(
                        box: try item.required("box"), id: try item.required("id"),
                        invitationShareHash: try item.required("invitation_share_hash"),
                        encryptedInvitationShare: try item.required("encrypted_invitation_share")))
            }
            return .account(.secretStorage(.sharesPut(shares, at: try data.moment("at"))))
        },
        "box_key_share.removed.v1": { _, content throws(EventCodingError) in
            .account(.secretStorage(.sharesRemoved(content.personal.texts("boxes"))))
        },
    ]

    private static func key(_ personal: SealedObject, _ name: String) throws(EventCodingError) -> SealedKey {
        guard case .object(let json) = personal.json[name] else { throw .malformed(name) }
        let object = SealedObject(json)
        return SealedKey(hash: try object.required("key_hash"), encrypted: try object.required("encrypted_key"))
    }
}

extension SealedObject {
    fileprivate func objects(_ key: String) throws(EventCodingError) -> [SealedObject] {
        guard case .array(let items) = json[key] else { throw .malformed(key) }
        var objects: [SealedObject] = []
        for item in items {
            guard case .object(let object) = item else { throw .malformed(key) }
            objects.append(SealedObject(object))
        }
        return objects
    }
}
