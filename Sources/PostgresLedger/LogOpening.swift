import EventCoding
public import PostgresClient
import Transparency

/// Why a database and the keys at hand do not belong together, in one line for the operator.
public enum LogMismatch: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no log in the database yet.
    case notOpened
    /// The log has another name.
    case otherOrigin(stored: String, configured: String)
    /// The log's values were made under another master key.
    case wrongMasterKey
    /// The keyring's key of an epoch is not the one the log's keys are wrapped under.
    case wrongKeyring(epoch: Int32)
    /// The keyring lacks an epoch that the log has.
    case missingEpoch(Int32)
    /// The keyring has an epoch that the log does not know yet.
    case unknownEpoch(Int32)

    /// The sentence for the operator, without a line break.
    public var description: String {
        switch self {
        case .notOpened: "the database holds no log yet; run: account-ledger migrate"
        case .otherOrigin(let stored, let configured):
            "LEDGER_ORIGIN is \(configured), but the log in this database is \(stored); the name of a log never changes"
        case .wrongMasterKey:
            "the master key (LEDGER_MASTER_KEY, or keys/master.key beside `up`) is not that of this database"
        case .wrongKeyring(let epoch):
            "the keyring (LEDGER_KEYRING_FILE, or keys/keyring.json beside `up`) holds another key for epoch \(epoch)"
        case .missingEpoch(let epoch):
            "the keyring (LEDGER_KEYRING_FILE, or keys/keyring.json beside `up`) lacks epoch \(epoch), which is in use"
        case .unknownEpoch(let epoch):
            "the keyring holds epoch \(epoch), which this database does not know; run: account-ledger migrate"
        }
    }
}

/// The rows that tie a database to its name and its keys: written once by the owner, compared at every start.
///
/// Blocks, and belongs on a thread of its own.
public struct LogOpening: Sendable {
    private let log: Int16
    private let keys: LedgerKeys

    /// The opening of a log under these keys.
    public init(log: Int16 = 0, keys: LedgerKeys) {
        self.log = log
        self.keys = keys
    }

    /// The name of the log that stands in the database; nil while there is none, nor a schema for it.
    public static func origin(of log: Int16 = 0, on connection: PostgresConnection) throws -> String? {
        guard try connection.query(findTable).bool(0, 0) else { return nil }
        var parameters = PostgresParameters()
        parameters.append(log)
        let rows = try connection.query(findLog, parameters)
        return rows.count > 0 ? try rows.string(0, 0) : nil
    }

    /// Writes the log's row and the epochs' rows that are missing, then compares; done as the schema's owner.
    ///
    /// - Parameters:
    ///   - origin: the log's name; nil for the name it has, when it stands already.
    ///   - connection: a session whose user may become `ledger_owner`.
    /// - Returns: the log's name.
    /// - Throws: ``LogMismatch``, and nothing is written then; `PostgresError`.
    public func open(origin: String?, on connection: PostgresConnection) throws -> String {
        try connection.transaction { connection in
            try connection.execute(script: "SET LOCAL ROLE ledger_owner")
            if try Self.origin(of: log, on: connection) == nil {
                guard let origin else { throw LogMismatch.notOpened }
                var parameters = PostgresParameters()
                parameters.append(log)
                parameters.append(origin)
                parameters.append(keys.master.checkValue)
                try connection.query(Self.insertLog, parameters)
            }
            // Before the epochs: a foreign keyring must not leave rows in a log that is not its own.
            let name = try compareLog(origin: origin, on: connection)
            let stored = try epochs(on: connection)
            if let wrong = mismatch(stored) { throw wrong }
            for number in keys.keyring.numbers where !stored.contains(where: { $0.number == number }) {
                guard let value = keys.keyring.checkValue(of: number) else { continue }
                var parameters = PostgresParameters()
                parameters.append(number)
                parameters.append(value)
                try connection.query(Self.insertEpoch, parameters)
            }
            return name
        }
    }

    /// Compares what stands in the database with the keys at hand; changes nothing.
    ///
    /// - Parameters:
    ///   - origin: the name the log must have; nil for any.
    ///   - mayBeAhead: whether the keyring may hold epochs that the database does not know yet, as between the two steps
    ///     of a rotation; a gateway wraps nothing under them before it does.
    ///   - connection: any session that may read the ledger.
    /// - Returns: the log's name.
    /// - Throws: ``LogMismatch``, `PostgresError`.
    public func check(
        origin: String?, mayBeAhead: Bool = false, on connection: PostgresConnection
    ) throws -> String {
        let name = try compareLog(origin: origin, on: connection)
        let stored = try epochs(on: connection)
        if let wrong = mismatch(stored) { throw wrong }
        if !mayBeAhead,
            let number = keys.keyring.numbers.first(where: { number in !stored.contains { $0.number == number } })
        {
            throw LogMismatch.unknownEpoch(number)
        }
        return name
    }

    private struct Epoch {
        let number: Int32
        let checkValue: [UInt8]
        let isRetired: Bool
    }

    private func compareLog(origin: String?, on connection: PostgresConnection) throws -> String {
        var parameters = PostgresParameters()
        parameters.append(log)
        let rows = try connection.query(Self.findLog, parameters)
        guard rows.count > 0 else { throw LogMismatch.notOpened }
        let stored = try rows.string(0, 0)
        // After an accepted rollback the log has another number behind the name that stays configured.
        if let origin, !Origin.isOf(log: stored, origin) {
            throw LogMismatch.otherOrigin(stored: stored, configured: origin)
        }
        guard try rows.bytes(0, 1) == keys.master.checkValue else { throw LogMismatch.wrongMasterKey }
        return stored
    }

    private func epochs(on connection: PostgresConnection) throws -> [Epoch] {
        let rows = try connection.query(Self.findEpochs)
        return try (0..<rows.count).map { row in
            Epoch(
                number: try rows.int32(row, 0), checkValue: try rows.bytes(row, 1), isRetired: try rows.bool(row, 2))
        }
    }

    /// A retired epoch's key may be gone; nothing is wrapped under it any more.
    private func mismatch(_ stored: [Epoch]) -> LogMismatch? {
        for epoch in stored {
            guard let value = keys.keyring.checkValue(of: epoch.number) else {
                if epoch.isRetired { continue }
                return .missingEpoch(epoch.number)
            }
            if value != epoch.checkValue { return .wrongKeyring(epoch: epoch.number) }
        }
        return nil
    }

    private static let findTable = PostgresStatement(Statement.findLogTable, isReadOnly: true)
    private static let findLog = PostgresStatement(Statement.findLog, parameterTypes: [.int2], isReadOnly: true)
    private static let findEpochs = PostgresStatement(Statement.findEpochs, isReadOnly: true)
    private static let insertLog = PostgresStatement(Statement.insertLog, parameterTypes: [.int2, .text, .bytea])
    private static let insertEpoch = PostgresStatement(Statement.insertEpoch, parameterTypes: [.int4, .bytea])
}
