/// Where a blob lies: the hash and length of its ciphertext.
public struct BlobReference: Sendable, Hashable {
    /// SHA-256 of the ciphertext.
    public let hash: Digest
    /// Length of the ciphertext in bytes.
    public let length: Int

    /// A blob.
    public init(hash: Digest, length: Int) {
        self.hash = hash
        self.length = length
    }
}

/// The data of a backup: in the event's box, or beside the log when it is large.
public enum BackupContent: Sendable, Equatable {
    /// The bytes.
    case inline([UInt8])
    /// Where they lie.
    case blob(BlobReference)
}

/// One version of a backup.
public struct BackupVersion: Sendable, Equatable {
    /// Counts from 1 without gaps.
    public let version: Int
    /// Length of the data in bytes.
    public let length: Int
    /// SHA-256 of the data.
    public let sha256: Digest
    /// The data.
    public let content: BackupContent
    /// The last four characters of the client's base64, where they are not as everybody would write them.
    public let ending: String?

    /// A version.
    public init(version: Int, length: Int, sha256: Digest, content: BackupContent, ending: String? = nil) {
        self.version = version
        self.length = length
        self.sha256 = sha256
        self.content = content
        self.ending = ending
    }
}

/// The sealed data a person keeps on the account, replaced as a whole and counted.
public struct Backup: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Replaces the data.
        case put(BackupVersion)
        /// Refuses all further puts.
        case lock
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// The data was replaced.
        case replaced(BackupVersion)
        /// Further puts are refused.
        case locked
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// The version given is not the current one plus one.
        case versionConflict(expected: Int)
        /// Puts were locked.
        case locked
    }

    /// The current version; 0 before the first.
    public private(set) var version = 0
    /// Length of the current data in bytes; nil before the first.
    public private(set) var length: Int?
    /// SHA-256 of the current data; nil before the first.
    public private(set) var sha256: Digest?
    /// Whether puts are locked.
    public private(set) var isLocked = false

    init() {}

    /// Decides what `command` makes happen.
    ///
    /// A put counts up by exactly one, so a client that missed an update finds out instead of overwriting it.
    func decide(_ command: Command) throws(Refusal) -> [Event] {
        switch command {
        case .put(let backup):
            guard !isLocked else { throw .locked }
            let (expected, isExhausted) = version.addingReportingOverflow(1)
            guard !isExhausted, backup.version == expected else {
                throw .versionConflict(expected: isExhausted ? version : expected)
            }
            return [.replaced(backup)]
        case .lock: return isLocked ? [] : [.locked]
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .replaced(let backup):
            version = backup.version
            length = backup.length
            sha256 = backup.sha256
        case .locked: isLocked = true
        }
    }
}
