import AccountDomain
import StrictJSON

// One section a facet: how its events are written, and how each stored type is read. Further facets stand beside it.

extension EventCoding {
    static func encode(_ event: AccountEvent) -> EncodedEvent {
        switch event {
        case .lifecycle(let event): encode(event)
        case .profile(let event): encode(event)
        case .password(let event): encode(event)
        case .backup(let event): encode(event)
        case .devices(let event): encode(event)
        case .accessKeys(let event): encode(event)
        case .remotesAuth(let event): encode(event)
        case .naming(let event): encode(event)
        case .domains(let event): encode(event)
        case .administrators(let event): encode(event)
        case .roles(let event): encode(event)
        case .tokens(let event): encode(event)
        case .identities(let event): encode(event)
        case .secretStorage(let event): encode(event)
        case .recovery(let event): encode(event)
        }
    }

    static let accountDecoders: [String: Decoder] =
        lifecycleDecoders
        .merging(profileDecoders) { own, _ in own }
        .merging(passwordDecoders) { own, _ in own }
        .merging(backupDecoders) { own, _ in own }
        .merging(deviceDecoders) { own, _ in own }
        .merging(accessKeyDecoders) { own, _ in own }
        .merging(remotesAuthDecoders) { own, _ in own }
        .merging(meldDecoders) { own, _ in own }
        .merging(accountLinkDecoders) { own, _ in own }
        .merging(secretStorageDecoders) { own, _ in own }
        .merging(recoveryDecoders) { own, _ in own }
}

// MARK: - Lifecycle

extension EventCoding {
    static func encode(_ event: Lifecycle.Event) -> EncodedEvent {
        switch event {
        case .created(let creation):
            var encoded = EncodedEvent(
                "account.created.v1", ["activated": .flag(creation.activated), "system": .name(creation.system)])
            encoded.data.set("space", creation.space.map { .id($0) })
            encoded.content.personal.set("name", creation.name?.text)
            encoded.content.personal.set("emails", texts: creation.emails.map(\.text))
            encoded.content.personal.set(profile: creation.profile)
            encoded.content.personal.set("space", creation.spaceDomain?.text)
            return encoded
        case .activated(let reason): return encode("account.activated.v1", reason)
        case .deactivated(let reason): return encode("account.deactivated.v1", reason)
        case .blocked(let reason): return encode("account.blocked.v1", reason)
        case .unblocked(let reason): return encode("account.unblocked.v1", reason)
        case .erased(let kept):
            return EncodedEvent(
                "account.erased.v1",
                [
                    "kept": .list(
                        kept.map {
                            .object(["count": .count($0.count), "namespace": .count(Int($0.namespace.rawValue))])
                        })
                ])
        }
    }

    private static func encode(_ type: String, _ reason: Reason?) -> EncodedEvent {
        var encoded = EncodedEvent(type)
        encoded.content.personal.set("reason", reason?.text)
        return encoded
    }

    private static func reason(_ content: BoxContent) -> Reason? {
        content.personal.text("reason").map { Reason(stored: $0) }
    }

    static let lifecycleDecoders: [String: Decoder] = [
        "account.created.v1": { data, content throws(EventCodingError) in
            .account(
                .lifecycle(
                    .created(
                        Creation(
                            system: try data.name("system"), space: try data.optionalID("space"),
                            spaceDomain: content.personal.text("space").map { SpaceDomain(stored: $0) },
                            activated: try data.flag("activated"),
                            name: content.personal.text("name").map { AccountName(stored: $0) },
                            emails: content.personal.texts("emails").map { EmailAddress(stored: $0) },
                            profile: content.personal.profile))))
        },
        "account.activated.v1": { _, content throws(EventCodingError) in
            .account(.lifecycle(.activated(reason: reason(content))))
        },
        "account.deactivated.v1": { _, content throws(EventCodingError) in
            .account(.lifecycle(.deactivated(reason: reason(content))))
        },
        "account.blocked.v1": { _, content throws(EventCodingError) in
            .account(.lifecycle(.blocked(reason: reason(content))))
        },
        "account.unblocked.v1": { _, content throws(EventCodingError) in
            .account(.lifecycle(.unblocked(reason: reason(content))))
        },
        "account.erased.v1": { data, _ throws(EventCodingError) in
            var kept: [KeptReservation] = []
            for item in try data.array("kept") {
                guard case .object(let json) = item else { throw .malformed("kept") }
                let reader = DataReader(json)
                guard let namespace = Namespace(rawValue: Int16(truncatingIfNeeded: try reader.count("namespace")))
                else { throw .malformed("namespace") }
                kept.append(KeptReservation(namespace: namespace, count: try reader.count("count")))
            }
            return .account(.lifecycle(.erased(kept: kept)))
        },
    ]
}

// MARK: - Profile

extension EventCoding {
    static func encode(_ event: Profile.Event) -> EncodedEvent {
        switch event {
        case .profileChanged(let profile):
            var encoded = EncodedEvent("profile.changed.v1")
            encoded.content.personal.set(profile: profile)
            return encoded
        case .emailsChanged(let emails):
            var encoded = EncodedEvent("emails.changed.v1")
            encoded.content.personal.set("emails", texts: emails.map(\.text))
            return encoded
        case .emailsInserted(let emails): return encode(emails: emails, as: "emails.inserted.v1")
        case .emailsDeleted(let emails): return encode(emails: emails, as: "emails.deleted.v1")
        case .nameChanged(let name):
            var encoded = EncodedEvent("name.changed.v1")
            encoded.content.personal.set("name", name.text)
            return encoded
        }
    }

    static let profileDecoders: [String: Decoder] = [
        "profile.changed.v1": { _, content throws(EventCodingError) in
            .account(.profile(.profileChanged(content.personal.profile)))
        },
        "emails.changed.v1": { _, content throws(EventCodingError) in
            .account(.profile(.emailsChanged(content.personal.texts("emails").map { EmailAddress(stored: $0) })))
        },
        "name.changed.v1": { _, content throws(EventCodingError) in
            .account(.profile(.nameChanged(AccountName(stored: try content.personal.required("name")))))
        },
    ]
}

extension SealedObject {
    fileprivate mutating func set(profile: ProfileMembers) {
        guard !profile.isEmpty else { return }
        var object = JSONObject()
        for (key, value) in profile.members { object.append(key, .string(value)) }
        set("profile", json: .object(object))
    }

    fileprivate var profile: ProfileMembers {
        guard case .object(let object) = json["profile"] else { return ProfileMembers(stored: []) }
        var members: [(String, String)] = []
        for key in object.keys { if case .string(let value) = object[key] { members.append((key, value)) } }
        return ProfileMembers(stored: members)
    }
}

// MARK: - Password

extension EventCoding {
    static func encode(_ event: Password.Event) -> EncodedEvent {
        switch event {
        case .set(let verifier): encode("password.set.v1", verifier)
        case .changed(let verifier): encode("password.changed.v1", verifier)
        }
    }

    private static func encode(_ type: String, _ verifier: PasswordVerifier) -> EncodedEvent {
        switch verifier {
        case .argon2id(let phc):
            var encoded = EncodedEvent(type, ["scheme": .name(PasswordScheme.argon2id)])
            encoded.content.verifier.set("phc", phc)
            return encoded
        case .argon2ServerRelief(let relief):
            var encoded = EncodedEvent(type, ["scheme": .name(PasswordScheme.argon2ServerRelief)])
            encoded.content.verifier.set("record", relief.record)
            return encoded
        }
    }

    private static func verifier(_ data: DataReader, _ content: BoxContent) throws(EventCodingError) -> PasswordVerifier
    {
        let scheme: PasswordScheme = try data.name("scheme")
        switch scheme {
        case .argon2id: return .argon2id(phc: try content.verifier.required("phc"))
        case .argon2ServerRelief:
            guard let relief = ReliefVerifier(record: try content.verifier.required("record")) else {
                throw .malformed("record")
            }
            return .argon2ServerRelief(relief)
        }
    }

    static let passwordDecoders: [String: Decoder] = [
        "password.set.v1": { data, content throws(EventCodingError) in
            .account(.password(.set(try verifier(data, content))))
        },
        "password.changed.v1": { data, content throws(EventCodingError) in
            .account(.password(.changed(try verifier(data, content))))
        },
    ]
}

// MARK: - Backup

extension EventCoding {
    static func encode(_ event: Backup.Event) -> EncodedEvent {
        switch event {
        case .replaced(let backup):
            var encoded = EncodedEvent(
                "backup.replaced.v1", ["length": .count(backup.length), "version": .count(backup.version)])
            encoded.content.personal.set("sha256", bytes: backup.sha256.bytes)
            encoded.content.personal.set("ending", backup.ending)
            switch backup.content {
            case .inline(let bytes): encoded.content.personal.set("data", bytes: bytes)
            case .blob(let blob):
                encoded.data.set("blob", .hash(blob.hash))
                encoded.data.set("blob_length", .count(blob.length))
            }
            return encoded
        case .locked: return EncodedEvent("backup.locked.v1")
        }
    }

    static let backupDecoders: [String: Decoder] = [
        "backup.replaced.v1": { data, content throws(EventCodingError) in
            let stored: BackupContent
            if let hash = try data.optionalHash("blob") {
                stored = .blob(BlobReference(hash: hash, length: try data.count("blob_length")))
            } else {
                stored = .inline(try content.personal.requiredBytes("data"))
            }
            return .account(
                .backup(
                    .replaced(
                        BackupVersion(
                            version: try data.count("version"), length: try data.count("length"),
                            sha256: try content.personal.requiredDigest("sha256"), content: stored,
                            ending: content.personal.text("ending")))))
        },
        "backup.locked.v1": { _, _ throws(EventCodingError) in .account(.backup(.locked)) },
    ]
}

// MARK: - Devices

extension EventCoding {
    static func encode(_ event: Devices.Event) -> EncodedEvent {
        switch event {
        case .added(let device):
            var encoded = EncodedEvent("device.added.v1", ["device": .count(device.ordinal)])
            encoded.content.personal.set("id", device.id.text)
            encoded.content.personal.set("name", device.name?.text)
            encoded.content.personal.set("public_key", device.publicKey?.text)
            return encoded
        case .renamed(let ordinal, let name):
            var encoded = EncodedEvent("device.renamed.v1", ["device": .count(ordinal)])
            encoded.content.personal.set("name", name?.text)
            return encoded
        case .revoked(let ordinal, let reason):
            var encoded = EncodedEvent("device.revoked.v1", ["device": .count(ordinal)])
            encoded.content.personal.set("reason", reason?.text)
            return encoded
        }
    }

    static let deviceDecoders: [String: Decoder] = [
        "device.added.v1": { data, content throws(EventCodingError) in
            .account(
                .devices(
                    .added(
                        Device(
                            ordinal: try data.count("device"),
                            id: DeviceID(stored: try content.personal.required("id")),
                            name: content.personal.text("name").map { DeviceName(stored: $0) },
                            publicKey: content.personal.text("public_key").map { PublicKeyText(stored: $0) }))))
        },
        "device.renamed.v1": { data, content throws(EventCodingError) in
            .account(
                .devices(
                    .renamed(
                        ordinal: try data.count("device"),
                        name: content.personal.text("name").map { DeviceName(stored: $0) })))
        },
        "device.revoked.v1": { data, content throws(EventCodingError) in
            .account(.devices(.revoked(ordinal: try data.count("device"), reason: reason(content))))
        },
    ]
}
