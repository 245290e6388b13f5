import AccountDomain

extension EventCoding {
    static func encode(_ event: Space.Event) -> EncodedEvent {
        switch event {
        case .created(let settings): encode("space.created.v1", settings)
        case .changed(let settings): encode("space.changed.v1", settings)
        case .closed: EncodedEvent("space.closed.v1")
        case .ended: EncodedEvent("space.ended.v1")
        }
    }

    private static func encode(_ type: String, _ settings: SpaceSettings) -> EncodedEvent {
        var encoded = EncodedEvent(
            type,
            [
                "email_unique": .flag(settings.emailUnique),
                "password_min_length": .count(settings.passwordMinimumLength),
                "super": .flag(settings.isSuper),
                "username_min_length": .count(settings.usernameMinimumLength),
            ])
        encoded.data.set("expires_at", settings.expiresAt.map { .moment($0) })
        encoded.data.set("max_accounts", settings.maximumAccounts.map { .count($0) })
        encoded.content.personal.set("name", settings.name.text)
        encoded.content.personal.set("domain", settings.domain.text)
        encoded.content.personal.set("host", settings.host?.text)
        encoded.content.personal.set("realm", settings.realm)
        return encoded
    }

    private static func settings(_ data: DataReader, _ content: BoxContent) throws(EventCodingError) -> SpaceSettings {
        SpaceSettings(
            name: SpaceName(stored: try content.personal.required("name")),
            domain: SpaceDomain(stored: try content.personal.required("domain")),
            host: content.personal.text("host").map { SpaceDomain(stored: $0) }, isSuper: try data.flag("super"),
            realm: content.personal.text("realm"), maximumAccounts: try data.optionalCount("max_accounts"),
            emailUnique: try data.flag("email_unique"), expiresAt: try data.optionalMoment("expires_at"),
            usernameMinimumLength: try data.count("username_min_length"),
            passwordMinimumLength: try data.count("password_min_length"))
    }

    static let spaceDecoders: [String: Decoder] = [
        "space.created.v1": { data, content throws(EventCodingError) in .space(.created(try settings(data, content))) },
        "space.changed.v1": { data, content throws(EventCodingError) in .space(.changed(try settings(data, content))) },
        "space.closed.v1": { _, _ throws(EventCodingError) in .space(.closed) },
        "space.ended.v1": { _, _ throws(EventCodingError) in .space(.ended) },
    ]
}
