import AccountDomain

extension EventCoding {
    static func encode(_ event: Activation.Event) -> EncodedEvent {
        switch event {
        case .requested(let request):
            var encoded = EncodedEvent("activation.requested.v1", ["expires_at": .moment(request.expiresAt)])
            encoded.content.personal.set("name", request.name.text)
            encoded.content.personal.set("email", request.email.text)
            encoded.content.verifier.set("code", bytes: request.verifier.bytes)
            return encoded
        case .attemptFailed(let count):
            return EncodedEvent("activation.attempt_failed.v1", ["count": .count(count)])
        case .redeemed(let account, let moment):
            return EncodedEvent("activation.redeemed.v1", ["account": .id(account), "at": .moment(moment)])
        case .ended: return EncodedEvent("activation.ended.v1")
        }
    }

    static let activationDecoders: [String: Decoder] = [
        "activation.requested.v1": { data, content throws(EventCodingError) in
            .activation(
                .requested(
                    ActivationRequest(
                        name: AccountName(stored: try content.personal.required("name")),
                        email: EmailAddress(stored: try content.personal.required("email")),
                        expiresAt: try data.moment("expires_at"),
                        verifier: try content.verifier.requiredDigest("code"))))
        },
        "activation.attempt_failed.v1": { data, _ throws(EventCodingError) in
            .activation(.attemptFailed(count: try data.count("count")))
        },
        "activation.redeemed.v1": { data, _ throws(EventCodingError) in
            .activation(.redeemed(for: try data.id("account"), at: try data.moment("at")))
        },
        "activation.ended.v1": { _, _ throws(EventCodingError) in .activation(.ended) },
    ]
}
