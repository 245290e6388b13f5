import AccountDomain

// What accounts gained with the door of m-ld: addresses one by one, contexts of naming, domains.

extension EventCoding {
    static func encode(emails: [EmailAddress], as type: String) -> EncodedEvent {
        var encoded = EncodedEvent(type)
        encoded.content.personal.set("emails", texts: emails.map(\.text))
        return encoded
    }

    static func encode(_ event: Naming.Event) -> EncodedEvent {
        switch event {
        case .inserted(let contexts):
            EncodedEvent("naming.inserted.v1", ["contexts": .list(contexts.map { .name($0) })])
        case .deleted(let contexts):
            EncodedEvent("naming.deleted.v1", ["contexts": .list(contexts.map { .name($0) })])
        }
    }

    static func encode(_ event: Domains.Event) -> EncodedEvent {
        switch event {
        case .created(let name):
            var encoded = EncodedEvent("domain.created.v1")
            encoded.content.personal.set("name", name.text)
            return encoded
        }
    }

    static let meldDecoders: [String: Decoder] = [
        "emails.inserted.v1": { _, content throws(EventCodingError) in
            .account(.profile(.emailsInserted(content.personal.texts("emails").map { EmailAddress(stored: $0) })))
        },
        "emails.deleted.v1": { _, content throws(EventCodingError) in
            .account(.profile(.emailsDeleted(content.personal.texts("emails").map { EmailAddress(stored: $0) })))
        },
        "naming.inserted.v1": { data, _ throws(EventCodingError) in
            .account(.naming(.inserted(try data.names("contexts"))))
        },
        "naming.deleted.v1": { data, _ throws(EventCodingError) in
            .account(.naming(.deleted(try data.names("contexts"))))
        },
        "domain.created.v1": { _, content throws(EventCodingError) in
            .account(.domains(.created(DomainName(stored: try content.personal.required("name")))))
        },
    ]
}
