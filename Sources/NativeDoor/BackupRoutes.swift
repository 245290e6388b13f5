import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension NativeDoor {
    func registerBackups(on routes: inout Routes) {
        routes.put("/v1/accounts/{id}/backup", body: .upload, putBackup)
        routes.get("/v1/accounts/{id}/backup", readBackup)
        routes.get("/v1/accounts/{id}/backup/versions", listBackups)
        routes.get("/v1/accounts/{id}/backup/versions/{version}", readBackupVersion)
    }

    private func putBackup(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            let id = try request.stream()
            let (version, data) = try request.read { reader in
                (
                    Int(reader.requiredInteger("version", in: 1...Int64(Int32.max))),
                    reader.requiredBase64("data", maxBytes: settings.maximumUploadBytes)
                )
            }
            let appended = try await service.putBackup(data, version: version, of: id, context)
            guard let event = appended.events.first, let backup = BackupShown(event) else {
                throw Failure.fault("a backup was replaced without its event")
            }
            return .command(appended) { backup.write(to: &$0, data: nil) }
        }
    }

    private func readBackup(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Self.timeTravel) { caller in
            let seen = try await seen(request, caller)
            guard let version = seen.view.backup?.version else { throw Failure.notFound }
            return try await backupResponse(version, seen, request)
        }
    }

    private func readBackupVersion(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Self.timeTravel) { caller in
            let text = try request.parameter("version")
            let seen = try await seen(request, caller)
            guard let version = Int(text), String(version) == text, let newest = seen.view.backup?.version,
                version <= newest
            else { throw Failure.notFound }
            return try await backupResponse(version, seen, request)
        }
    }

    /// The oldest version that can be read: of the past no more is shown than at present.
    private func oldestBackup(_ seen: SeenAccount) -> Int {
        guard let kept = settings.backupVersions else { return 1 }
        return max(1, seen.presentBackup - kept + 1)
    }

    private func backupResponse(_ version: Int, _ seen: SeenAccount, _ request: DoorRequest) async throws
        -> DoorResponse
    {
        let view = seen.view
        guard version >= oldestBackup(seen) else { throw Failure.notFound }
        if let unchanged = try unchanged(request, view.version) { return unchanged }
        let events = try await reads.backups(of: view.id, from: version, limit: 1, at: seen.moment)
        guard let event = events.first, let backup = BackupShown(event), backup.content.version == version else {
            throw Failure.notFound
        }
        let data = try await service.backupData(backup.content, of: view.id)
        return .resource(version: view.version) { backup.write(to: &$0, data: data) }
    }

    private func listBackups(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Paging.parameters + Self.timeTravel) { caller in
            let paging = try paging(request, caller)
            let seen = try await seen(request, caller)
            let view = seen.view
            if let unchanged = try unchanged(request, view.version) { return unchanged }
            let newest = view.backup?.version ?? 0
            // One more than asked for would be loaded with its data; the newest version tells as well.
            let events = try await reads.backups(
                of: view.id, from: max(Int(clamping: paging.after) + 1, oldestBackup(seen)), limit: paging.limit,
                at: seen.moment)
            let backups = events.compactMap { BackupShown($0) }
            let last = backups.last?.content.version ?? newest
            return paging.answer(next: last < newest ? Int64(last) : nil, headers: [.etag(view.version)]) { json in
                for backup in backups { backup.write(to: &json, data: nil) }
            }
        }
    }
}

/// A version of a backup as it is shown.
struct BackupShown {
    let content: BackupVersion
    private let storedAt: Moment

    /// The backup of an event; nil when the event is about something else.
    init?(_ recorded: RecordedEvent) {
        guard case .account(.backup(.replaced(let content))) = recorded.event else { return nil }
        self.content = content
        storedAt = recorded.recordedAt
    }

    func write(to json: inout JSONWriter, data: [UInt8]?) {
        json.beginObject()
        json.member("version", content.version)
        json.member("length", content.length)
        json.member("sha256", content.sha256.description)
        json.member("stored_at", storedAt)
        if let data {
            json.key("data")
            json.base64(data)
        }
        json.endObject()
    }
}
