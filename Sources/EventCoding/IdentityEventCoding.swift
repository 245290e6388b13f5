import AccountDomain

extension EventCoding {
    static func encode(_ event: Identity.Event) -> EncodedEvent {
        switch event {
        case .created(let identifier):
            var encoded = EncodedEvent("identity.created.v1")
            encoded.content.personal.set("identifier", identifier.text)
            return encoded
        case .mfaChanged(let method): return EncodedEvent("identity.mfa_changed.v1", ["mfa": .name(method)])
        case .linked(let account): return EncodedEvent("identity.linked.v1", ["account": .id(account)])
        case .unlinked(let account): return EncodedEvent("identity.unlinked.v1", ["account": .id(account)])
        case .tokenRevoked(let token, let expiresAt):
            return EncodedEvent(
                "identity.token_revoked.v1", ["expires_at": .moment(expiresAt), "token": .id(token)])
        case .codeIssued(let code): return encode(code)
        case .codeFailed(let ordinal): return EncodedEvent("identity.code_failed.v1", ["ordinal": .count(ordinal)])
        case .codeUsed(let ordinal): return EncodedEvent("identity.code_used.v1", ["ordinal": .count(ordinal)])
        case .publicKeysSet(let keys): return encode(keys)
        case .notified(let notification):
            return EncodedEvent("identity.notified.v1", ["notification": .name(notification)])
        case .ended: return EncodedEvent("identity.ended.v1")
        }
    }

    static let identityDecoders: [String: Decoder] = [
        "identity.created.v1": { _, content throws(EventCodingError) in
            .identity(.created(Identifier(stored: try content.personal.required("identifier"))))
        },
        "identity.mfa_changed.v1": { data, _ throws(EventCodingError) in .identity(.mfaChanged(try data.name("mfa"))) },
        "identity.linked.v1": { data, _ throws(EventCodingError) in .identity(.linked(try data.id("account"))) },
        "identity.unlinked.v1": { data, _ throws(EventCodingError) in .identity(.unlinked(try data.id("account"))) },
        "identity.token_revoked.v1": { data, _ throws(EventCodingError) in
            .identity(.tokenRevoked(try data.id("token"), expiresAt: try data.moment("expires_at")))
        },
        "identity.ended.v1": { _, _ throws(EventCodingError) in .identity(.ended) },
    ]
}
