import AccountDomain
import Accounts
import DoorKit
import EventCoding
import StrictJSON

/// One JSON document with everything that is held about a person, written piece by piece.
///
/// Never more than one version of a backup and one page of events are in memory at a time. Should the account be erased,
/// or the credential end, while the document is on its way, it breaks off and is no whole JSON.
struct AccountExport: Sendable {
    typealias Sink = ([UInt8]) async throws -> Void

    /// The account as it is exported.
    let view: AccountView
    /// The position that the export includes.
    let position: Int64
    let origin: String
    let service: AccountService
    let reads: any ReadModels
    let history: any EventHistory
    let log: any EventLog
    let mayGoOn: StreamAuthority

    /// How many events are loaded at a time; a box has 64 KiB at most.
    private static let pageOfEvents = 64
    private static let pageOfBackups = 16
    /// How much of a backup is written at a time; a multiple of three, so that pieces of base64 join.
    private static let piece = 48 * 1024

    /// Writes the document.
    func write(to sink: Sink) async throws {
        var authority = mayGoOn
        try await sink(head())
        try await writeIdentities(to: sink, &authority)
        try await sink(Array("],\"events\":[".utf8))
        try await writeEvents(of: view.id, upTo: Int32(clamping: view.version), to: sink, &authority)
        try await sink(Array("],\"backups\":[".utf8))
        try await writeBackups(to: sink, &authority)
        try await sink(Array("]}".utf8))
    }

    /// All that the folded account tells, up to the first list that is streamed.
    private func head() -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 4096)
        json.beginObject()
        json.member("source", origin)
        json.member("position", Int(position))
        json.key("account")
        view.write(to: &json)
        json.key("devices")
        json.beginArray()
        for device in view.devices { device.writeResource(to: &json) }
        json.endArray()
        json.key("keys")
        json.beginArray()
        for key in view.keys {
            json.beginObject()
            json.member("id", key.id.description)
            json.member("type", key.kind.rawValue)
            json.member("name", key.label)
            json.member("created_at", key.createdAt)
            json.member("revoked_at", key.revokedAt)
            json.key("public_key")
            if let publicKey = key.publicKey { json.base64(publicKey) } else { json.null() }
            json.endObject()
        }
        json.endArray()
        json.member("backup_locked", view.isBackupLocked)
        json.key("administrators")
        json.strings(view.administrators.map(\.description))
        json.key("identities")
        json.beginArray()
        return json.bytes
    }

    // MARK: - Lists

    private func writeIdentities(to sink: Sink, _ authority: inout StreamAuthority) async throws {
        for (index, id) in view.identities.enumerated() {
            if index > 0 { try await sink([UInt8(ascii: ",")]) }
            let events = try await log.events(of: id, versions: 1...Int32.max).prefix { $0.position <= position }
            var state = Aggregate.empty
            for event in events { state.apply(event.event) }
            guard case .identity(let identity) = state, let last = events.last, let first = events.first else {
                throw Failure.fault("an identity of the account is missing")
            }
            var json = JSONWriter()
            IdentityView(
                id: id, identifier: identity.identifier?.text ?? "", account: identity.account, mfa: identity.mfa,
                version: Int(last.version), createdPosition: first.position
            ).write(to: &json)
            // The object stays open for its events.
            try await sink(json.bytes.dropLast() + Array(",\"events\":[".utf8))
            try await writeEvents(of: id, upTo: last.version, to: sink, &authority)
            try await sink(Array("]}".utf8))
        }
    }

    private func writeEvents(
        of stream: StreamID, upTo last: Int32, to sink: Sink, _ authority: inout StreamAuthority
    ) async throws {
        var version: Int32 = 0
        while version < last {
            try await goOn(&authority)
            let page = try await history.events(
                of: stream, after: version, upTo: .max, limit: min(Self.pageOfEvents, Int(last - version)))
            guard let newest = page.last?.stored.version else { throw Failure.fault("events of a stream are missing") }
            for event in page {
                let comma = event.stored.version > 1 ? [UInt8(ascii: ",")] : []
                try await sink(
                    comma + CloudEvent(event.stored, origin: origin, personal: event.personal).bytes)
            }
            version = newest
        }
    }

    private func writeBackups(to sink: Sink, _ authority: inout StreamAuthority) async throws {
        let newest = view.backup?.version ?? 0
        var version = 0
        while version < newest {
            let events = try await reads.backups(
                of: view.id, from: version + 1, limit: min(Self.pageOfBackups, newest - version), at: nil)
            let backups = events.compactMap { BackupShown($0) }
            guard let last = backups.last?.content.version else { throw Failure.fault("a backup is missing") }
            for backup in backups {
                try await goOn(&authority)
                var json = JSONWriter()
                backup.write(to: &json, data: nil)
                let comma = backup.content.version > 1 ? [UInt8(ascii: ",")] : []
                try await sink(comma + json.bytes.dropLast() + Array(",\"data\":\"".utf8))
                try await writeBase64(try await service.backupData(backup.content, of: view.id), to: sink)
                try await sink(Array("\"}".utf8))
            }
            version = last
        }
    }

    private func writeBase64(_ data: [UInt8], to sink: Sink) async throws {
        var start = 0
        while start < data.count {
            let end = min(data.count, start + Self.piece)
            try await sink(Array(Base64.encode(Array(data[start..<end])).utf8))
            start = end
        }
    }

    private func goOn(_ authority: inout StreamAuthority) async throws {
        // A broken connection tells the client that this is not all.
        guard try await authority.check() else { throw Failure.unauthorized }
    }
}
