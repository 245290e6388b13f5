import AccountDomain

// What happens to identities beside their own life: codes to log in with, public keys, their feed.

extension EventCoding {
    static func encode(_ code: LoginCode) -> EncodedEvent {
        var encoded = EncodedEvent(
            "identity.code_issued.v1", ["expires_at": .moment(code.expiresAt), "ordinal": .count(code.ordinal)])
        encoded.content.personal.set("recipient", code.recipient.text)
        encoded.content.verifier.set("code", bytes: code.verifier.bytes)
        return encoded
    }

    static func encode(_ keys: IdentityKeys) -> EncodedEvent {
        var encoded = EncodedEvent("identity.public_keys_set.v1")
        encoded.content.personal.set("non_identified_pubkey", keys.nonIdentifiedPublicKey)
        encoded.content.personal.set("non_identified_pubkey_aes_rsa", keys.nonIdentifiedAESRSA)
        encoded.content.personal.set("pubkey", keys.publicKey)
        encoded.content.personal.set("pubkey_aes_rsa", keys.aesRSA)
        return encoded
    }

    static let loginDecoders: [String: Decoder] = [
        "identity.code_issued.v1": { data, content throws(EventCodingError) in
            .identity(
                .codeIssued(
                    LoginCode(
                        ordinal: try data.count("ordinal"),
                        recipient: Identifier(stored: try content.personal.required("recipient")),
                        verifier: try content.verifier.requiredDigest("code"),
                        expiresAt: try data.moment("expires_at"))))
        },
        "identity.code_failed.v1": { data, _ throws(EventCodingError) in
            .identity(.codeFailed(ordinal: try data.count("ordinal")))
        },
        "identity.code_used.v1": { data, _ throws(EventCodingError) in
            .identity(.codeUsed(ordinal: try data.count("ordinal")))
        },
        "identity.public_keys_set.v1": { _, content throws(EventCodingError) in
            .identity(
                .publicKeysSet(
                    IdentityKeys(
                        publicKey: try content.personal.required("pubkey"),
                        nonIdentifiedPublicKey: try content.personal.required("non_identified_pubkey"),
                        aesRSA: content.personal.text("pubkey_aes_rsa"),
                        nonIdentifiedAESRSA: content.personal.text("non_identified_pubkey_aes_rsa"))))
        },
        "identity.notified.v1": { data, _ throws(EventCodingError) in
            .identity(.notified(try data.name("notification")))
        },
    ]
}
