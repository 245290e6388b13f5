public import AccountDomain
import EventCoding

extension AccountService {
    /// Replaces the backup; `version` must be the current one plus one.
    ///
    /// - Throws: ``Failure/account(_:)`` with `versionConflict(expected:)`.
    public func putBackup(
        _ data: [UInt8], ending: String? = nil, version: Int, of account: AccountID, _ context: CommandContext
    ) async throws(Failure) -> Appended {
        if data.count > Self.inlineBytes, let refused = try await refusedPut(version, of: account, context) {
            return refused
        }
        let backup = try await backupVersion(version, data, ending: ending, for: account)
        return try await execute(.backup(.put(backup)), on: account, context)
    }

    /// What becomes of a put that would be refused as things stand, so that nothing is stored for it: the refusal once
    /// it is confirmed, or what an earlier request with the same Idempotency-Key did.
    ///
    /// - Returns: nil when it would be let through.
    private func refusedPut(_ version: Int, of account: AccountID, _ context: CommandContext) async throws(Failure)
        -> Appended?
    {
        let put = AccountCommand.backup(
            .put(BackupVersion(version: version, length: 0, sha256: .sha256(of: []), content: .inline([]))))
        for _ in 0..<4 {
            let state = try await visibleState(account, to: context.caller, for: .change)
            if (try? state.decide(put)) != nil { return nil }
            do throws(Failure) {
                return try await append(to: account, act: .change, context) { _, target throws(Failure) in
                    _ = try target.state.deciding(put)
                    throw Self.premiseChanged
                }
            } catch {
                guard error == Self.premiseChanged else { throw error }
                log.forget(account)
            }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    /// The data of a backup version that an event names.
    public func backupData(_ version: BackupVersion, of account: AccountID) async throws(Failure) -> [UInt8] {
        switch version.content {
        case .inline(let bytes): return bytes
        case .blob(let reference): return try await log.blob(reference, of: account)
        }
    }

    /// What fits into an event's box; anything larger is a blob beside the log.
    static let inlineBytes = 48 * 1024

    func backupVersion(
        _ version: Int, _ data: [UInt8], ending: String? = nil, for account: AccountID
    ) async throws(Failure) -> BackupVersion {
        BackupVersion(
            version: version, length: data.count, sha256: Digest.sha256(of: data),
            content: data.count > Self.inlineBytes
                ? .blob(try await log.storeBlob(data, for: account)) : .inline(data), ending: ending)
    }
}
