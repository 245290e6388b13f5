import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension MisakeyDoor {
    func registerBackups(on routes: inout Routes) {
        routes.get("/accounts/{id}/backup", readBackup)
        routes.put("/accounts/{id}/backup", body: .upload, putBackup)
    }

    private func readBackup(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, acr: 2) { login in
            let id = try request.id("account_id")
            try login.requireOwner(of: id)
            guard case .account(let account) = try await log.state(of: id).aggregate else {
                throw MisakeyError.notOwner
            }
            // An account of another system may have none yet.
            guard account.backup.version > 0 else {
                throw MisakeyError(.notFound, .path, "account_id", .notFound, "the account has no backup")
            }
            let events = try await reads.backups(of: id, from: account.backup.version, limit: 1, at: nil)
            guard case .account(.backup(.replaced(let backup))) = events.first?.event else {
                throw Failure.fault("a backup is without its event")
            }
            let data = try await service.backupData(backup, of: id)
            var json = JSONWriter(reservingCapacity: 64 + data.count / 3 * 4)
            json.beginObject()
            json.key("data")
            json.backup(data, ending: backup.ending)
            json.member("version", backup.version)
            json.endObject()
            return .json(json.bytes)
        }
    }

    private func putBackup(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request, acr: 2) { login, context in
            let id = try request.id("account_id")
            let (text, version) = try request.read { reader -> (BackupText, Int)? in
                let text = reader.backupText("data")
                let version = reader.integer("version")
                guard let text, let version else { return nil }
                return (text, version)
            }
            try login.requireOwner(of: id)
            _ = try await service.putBackup(text.data, ending: text.ending, version: version, of: id, context)
            return .empty()
        }
    }
}

extension MemberReader {
    /// The longest backup, in characters.
    private static let maximumBackup = 8 << 20

    /// The text of a backup that must be there.
    func backupText(_ name: String) -> BackupText? {
        guard let (_, text) = text(name) else { return nil }
        guard text.utf8.count <= Self.maximumBackup else {
            findings.exceed()
            return nil
        }
        guard let backup = StandardText.decode(text) else {
            refuse(name, .malformed)
            return nil
        }
        return backup
    }
}
