import AccountDomain
import Logging
import PostgresClient

/// Reads what was appended by anybody, in order: drops cached streams that moved and wakes whoever waits.
///
/// While a gateway is alone on its log its own appends advance the tail, and this reads nothing but an empty range.
struct Tailer: Sendable {
    let log: PostgresLog
    let expire: @Sendable () -> Void
    let logger: Logger

    private static let chunk: Int32 = 5_000
    private static let idle = Duration.milliseconds(500)

    private static let tailEvents = PostgresStatement(
        Statement.tailEvents, parameterTypes: [.int2, .int8, .int4], isReadOnly: true)
    private static let findHead = PostgresStatement(Statement.findHead, parameterTypes: [.int2], isReadOnly: true)

    func run() async {
        var hasStarted = false
        while !Task.isCancelled {
            do {
                if !hasStarted {
                    // Nothing is known of what was appended before: begin at the head with an empty cache.
                    let head = try await head()
                    log.cache.restart(at: head)
                    log.tail.grew(to: head, mustLook: false)
                    hasStarted = true
                }
                if log.gate.isSetBack { try await judge() }
                while try await look() {}
            } catch {
                logger.warning("cannot follow the log", metadata: ["error": "\(Self.reason(error))"])
                log.cache.restart(at: log.cache.tail)
                hasStarted = false
            }
            expire()
            await log.tail.waitToLook(timeout: Self.idle)
        }
    }

    /// What a person can act on; messages of the database are kept without values.
    private static func reason(_ error: any Error) -> String {
        (error as? PostgresError)?.message ?? "\(type(of: error))"
    }

    /// The log ends before what was read of it: all that is remembered of its end is dropped, and whether appends go on
    /// is for others to say.
    private func judge() async throws {
        let head = try await head()
        let known = log.cache.tail
        log.cache.restart(at: head)
        log.tail.restart(at: head)
        let reason = await log.configuration.judgeSetBack()
        logger.critical(
            "the database was set back: acknowledged events are gone",
            metadata: [
                "known": "\(known)", "head": "\(head)", "appends": "\(reason.map { "refused: \($0)" } ?? "go on")",
            ])
        log.gate.judged(reason)
    }

    private func head() async throws -> Int64 {
        var parameters = PostgresParameters()
        parameters.append(log.configuration.log)
        let rows = try await log.reader.query(Self.findHead, parameters)
        return rows.count > 0 ? try rows.int64(0, 0) : 0
    }

    /// Reads one chunk after the tail, and tells whether there may be more.
    private func look() async throws -> Bool {
        let from = log.cache.tail
        var parameters = PostgresParameters()
        parameters.append(log.configuration.log)
        parameters.append(from)
        parameters.append(Self.chunk)
        let rows = try await log.reader.query(Self.tailEvents, parameters)
        guard rows.count > 0 else { return false }
        var events: [(stream: StreamID, version: Int32)] = []
        events.reserveCapacity(rows.count)
        for row in 0..<rows.count { events.append((try rows.id(row, 1), try rows.int32(row, 2))) }
        let to = try rows.int64(rows.count - 1, 0)
        log.cache.advance(from: from, to: to, events: events)
        log.tail.grew(to: to, mustLook: false)
        return rows.count == Int(Self.chunk)
    }
}
