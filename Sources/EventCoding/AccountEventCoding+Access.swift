import AccountDomain
import StrictJSON

// MARK: - AccessKeys

extension EventCoding {
    static func encode(_ event: AccessKeys.Event) -> EncodedEvent {
        switch event {
        case .issued(let key):
            var encoded = EncodedEvent("key.issued.v1", ["key_id": .keyID(key.id), "type": .name(key.kind)])
            encoded.content.personal.set("label", key.label?.text)
            encoded.content.personal.set("public_key", bytes: key.publicKey)
            encoded.content.verifier.set("secret_sha256", bytes: key.secretDigest.bytes)
            encoded.content.verifier.set("private_key", bytes: key.privateKeySealed)
            return encoded
        case .revoked(let id): return EncodedEvent("key.revoked.v1", ["key_id": .keyID(id)])
        }
    }

    static let accessKeyDecoders: [String: Decoder] = [
        "key.issued.v1": { data, content throws(EventCodingError) in
            .account(
                .accessKeys(
                    .issued(
                        IssuedKey(
                            id: try data.keyID("key_id"), kind: try data.name("type"),
                            label: content.personal.text("label").map { KeyLabel(stored: $0) },
                            secretDigest: try content.verifier.requiredDigest("secret_sha256"),
                            publicKey: content.personal.bytes("public_key"),
                            privateKeySealed: content.verifier.bytes("private_key")))))
        },
        "key.revoked.v1": { data, _ throws(EventCodingError) in
            .account(.accessKeys(.revoked(try data.keyID("key_id"))))
        },
    ]
}

// MARK: - RemotesAuth

extension EventCoding {
    static func encode(_ event: RemotesAuth.Event) -> EncodedEvent {
        switch event {
        case .inserted(let modes):
            EncodedEvent("remotes_auth.inserted.v1", ["modes": .list(modes.map { .name($0) })])
        case .deleted(let modes):
            EncodedEvent("remotes_auth.deleted.v1", ["modes": .list(modes.map { .name($0) })])
        }
    }

    static let remotesAuthDecoders: [String: Decoder] = [
        "remotes_auth.inserted.v1": { data, _ throws(EventCodingError) in
            .account(.remotesAuth(.inserted(try data.names("modes"))))
        },
        "remotes_auth.deleted.v1": { data, _ throws(EventCodingError) in
            .account(.remotesAuth(.deleted(try data.names("modes"))))
        },
    ]
}

// MARK: - Administrators, roles, tokens, identities

extension EventCoding {
    static func encode(_ event: Administrators.Event) -> EncodedEvent {
        switch event {
        case .inserted(let account): EncodedEvent("administrator.inserted.v1", ["account": .id(account)])
        case .deleted(let account): EncodedEvent("administrator.deleted.v1", ["account": .id(account)])
        }
    }

    static func encode(_ event: Roles.Event) -> EncodedEvent {
        switch event {
        case .granted(let role): EncodedEvent("role.granted.v1", ["role": .name(role)])
        case .withdrawn(let role): EncodedEvent("role.withdrawn.v1", ["role": .name(role)])
        }
    }

    static func encode(_ event: Tokens.Event) -> EncodedEvent {
        switch event {
        case .revoked(let token, let expiresAt):
            EncodedEvent("token.revoked.v1", ["expires_at": .moment(expiresAt), "token": .id(token)])
        }
    }

    static func encode(_ event: LinkedIdentities.Event) -> EncodedEvent {
        switch event {
        case .linked(let identity): EncodedEvent("account.identity_linked.v1", ["identity": .id(identity)])
        case .unlinked(let identity): EncodedEvent("account.identity_unlinked.v1", ["identity": .id(identity)])
        }
    }

    static let accountLinkDecoders: [String: Decoder] = [
        "administrator.inserted.v1": { data, _ throws(EventCodingError) in
            .account(.administrators(.inserted(try data.id("account"))))
        },
        "administrator.deleted.v1": { data, _ throws(EventCodingError) in
            .account(.administrators(.deleted(try data.id("account"))))
        },
        "role.granted.v1": { data, _ throws(EventCodingError) in .account(.roles(.granted(try data.name("role")))) },
        "role.withdrawn.v1": { data, _ throws(EventCodingError) in .account(.roles(.withdrawn(try data.name("role"))))
        },
        "token.revoked.v1": { data, _ throws(EventCodingError) in
            .account(.tokens(.revoked(try data.id("token"), expiresAt: try data.moment("expires_at"))))
        },
        "account.identity_linked.v1": { data, _ throws(EventCodingError) in
            .account(.identities(.linked(try data.id("identity"))))
        },
        "account.identity_unlinked.v1": { data, _ throws(EventCodingError) in
            .account(.identities(.unlinked(try data.id("identity"))))
        },
    ]
}
