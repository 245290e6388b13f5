public import Accounts
import Crypto
public import EventCoding
public import PostgresClient

/// Counters of attempts in `ledger.attempts`: one row for each bucket that is not full, committed asynchronously.
///
/// A row's key is HMAC(master key, kind ‖ subject), so it names nobody. Statements share one connection and are sent
/// together as they come.
public struct PostgresAttempts: AttemptStore {
    private let key: SymmetricKey
    private let pipeline: PostgresPipeline

    /// Counters over a connection of their own, whose session is given asynchronous commit.
    public init(_ configuration: PostgresConfiguration, master: MasterKey) {
        var session = configuration
        session.synchronousCommit = "off"
        key = master.derivedKey("attempts")
        pipeline = PostgresPipeline(session, name: "attempts")
    }

    /// Counts one attempt in one statement, so that gateways cannot overtake each other.
    public func take(
        kind: String, subject: [UInt8], attempts: Int, refillSeconds: Int
    ) async throws(Failure) -> Int? {
        var parameters = PostgresParameters()
        parameters.append(hash(kind, subject))
        parameters.append(Int32(refillSeconds))
        parameters.append(Int32(attempts))
        do {
            let rows = try await pipeline.query(Self.takeAttempt, parameters)
            return rows.isNull(0, 0) ? nil : Int(try rows.int32(0, 0))
        } catch { throw Failure(error) }
    }

    /// Gives an attempt back.
    public func refund(kind: String, subject: [UInt8], refillSeconds: Int) async throws(Failure) {
        var parameters = PostgresParameters()
        parameters.append(hash(kind, subject))
        parameters.append(Int32(refillSeconds))
        do { _ = try await pipeline.query(Self.refundAttempt, parameters) } catch { throw Failure(error) }
    }

    /// Removes the rows of buckets that are full again.
    public func sweep() async throws(Failure) {
        do { _ = try await pipeline.query(Self.sweepAttempts) } catch { throw Failure(error) }
    }

    /// Closes the connection once the statements under way are answered.
    public func close() async { await pipeline.close() }

    private func hash(_ kind: String, _ subject: [UInt8]) -> [UInt8] {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array(kind.utf8))
        code.update(data: [0])
        code.update(data: subject)
        return Array(code.finalize())
    }

    private static let takeAttempt = PostgresStatement(
        Statement.takeAttempt, parameterTypes: [.bytea, .int4, .int4])
    private static let refundAttempt = PostgresStatement(Statement.refundAttempt, parameterTypes: [.bytea, .int4])
    private static let sweepAttempts = PostgresStatement(Statement.sweepAttempts)
}
