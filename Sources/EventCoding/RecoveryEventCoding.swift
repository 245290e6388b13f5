import AccountDomain

extension EventCoding {
    static func encode(_ event: Recovery.Event) -> EncodedEvent {
        switch event {
        case .requested(let request):
            var encoded = EncodedEvent(
                "recovery.requested.v1",
                ["expires_at": .moment(request.expiresAt), "ordinal": .count(request.ordinal)])
            encoded.content.personal.set("email", request.email.text)
            encoded.content.verifier.set("token", bytes: request.tokenDigest.bytes)
            return encoded
        case .redeemed(let ordinal): return EncodedEvent("recovery.redeemed.v1", ["ordinal": .count(ordinal)])
        }
    }

    static let recoveryDecoders: [String: Decoder] = [
        "recovery.requested.v1": { data, content throws(EventCodingError) in
            .account(
                .recovery(
                    .requested(
                        RecoveryRequest(
                            ordinal: try data.count("ordinal"),
                            email: EmailAddress(stored: try content.personal.required("email")),
                            expiresAt: try data.moment("expires_at"),
                            tokenDigest: try content.verifier.requiredDigest("token")))))
        },
        "recovery.redeemed.v1": { data, _ throws(EventCodingError) in
            .account(.recovery(.redeemed(ordinal: try data.count("ordinal"))))
        },
    ]
}
