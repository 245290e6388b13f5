import AccountDomain
import PostgresClient
import PostgresLedger
import Synchronization

/// Which version of a read model answers at the moment, with the statements on its tables.
///
/// A swap is learnt by a notification, and with every query's answer by whoever missed it. Meanwhile the version that
/// was replaced answers as well: it is kept level for a day, and each read looks whether its row is.
final class ActiveModel<Statements: Sendable>: Sendable {
    /// A version as it was seen last.
    struct Chosen: Sendable {
        let version: Int32
        /// Whether a fold of this program's form has filled it; otherwise its views are not to be relied on.
        let isOurs: Bool
        let statements: Statements
    }

    let name: String
    private let fold: Int32
    private let log: PostgresLog
    private let make: @Sendable (Int32) -> Statements
    private let known = Mutex<Chosen?>(nil)

    init(_ name: String, fold: Int32, log: PostgresLog, make: @escaping @Sendable (Int32) -> Statements) {
        self.name = name
        self.fold = fold
        self.log = log
        self.make = make
    }

    /// What is known without asking.
    var present: Chosen? { known.withLock { $0 } }

    /// The version that answers; nil while there is none.
    func chosen() async throws(PostgresError) -> Chosen? {
        if let present { return present }
        var parameters = PostgresParameters()
        parameters.append(name)
        let rows = try await log.reader.query(ReadStatements.findActive, parameters)
        guard rows.count > 0 else { return nil }
        let version = try rows.int32(0, 0)
        let chosen = Chosen(version: version, isOurs: try rows.int32(0, 1) == fold, statements: make(version))
        known.withLock { $0 = chosen }
        return chosen
    }

    /// Takes note of the version that a query's answer names as the active one.
    func note(_ active: Int32?) {
        known.withLock { if $0?.version != active { $0 = nil } }
    }

    /// Asks again at the next use.
    func forget() { known.withLock { $0 = nil } }
}
