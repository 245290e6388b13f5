import AccountDomain
import Accounts
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import Synchronization
import TestSupport

/// A gateway's log in this process, and commands for it that each append exactly one event.
final class LogClient: Sendable {
    let log: PostgresLog
    private let writer: PostgresPipeline
    private let following: Task<Void, Never>

    init(
        _ configuration: PostgresConfiguration, keys: LedgerKeys,
        _ settings: PostgresLog.Configuration = PostgresLog.Configuration(), writingTo: PostgresConfiguration? = nil,
        follows: Bool = true
    ) {
        writer = PostgresPipeline(writingTo ?? configuration, name: "writer")
        let log = PostgresLog(
            configuration: settings, keys: keys, keyring: LoadedKeyring(keys.keyring),
            writer: writer,
            reader: PostgresPipeline(configuration, name: "reader"),
            logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
        self.log = log
        following = Task { if follows { await log.run() } }
    }

    /// The server process of its appender.
    var backendID: Int32 { writer.backendID }

    func close() async {
        following.cancel()
        await following.value
        await log.close()
    }

    static func newStream() -> StreamID {
        var generator = SystemRandomNumberGenerator()
        return StreamID.random(using: &generator)
    }

    static func newCommand() -> CommandID {
        var generator = SystemRandomNumberGenerator()
        return CommandID.random(using: &generator)
    }

    /// Makes an account.
    func create(_ stream: StreamID, _ command: CommandID = newCommand(), seconds: Int = 60) async throws(Failure) {
        let creation = Creation(
            system: .native, space: nil, spaceDomain: nil, activated: false, name: nil, emails: [],
            profile: ProfileMembers(stored: []))
        _ = try await append(stream, command, seconds: seconds) { _ in .lifecycle(.create(creation)) }
    }

    /// Turns an account on or off, whichever it is not, so that no two commands are alike.
    @discardableResult
    func toggle(_ stream: StreamID, _ command: CommandID = newCommand(), seconds: Int = 60) async throws(Failure)
        -> Appended
    {
        try await append(stream, command, seconds: seconds) { account in
            .lifecycle(account.lifecycle.isActivated ? .deactivate(reason: nil) : .activate(reason: nil))
        }
    }

    /// Asks again, for the same command, for as long as the log is unavailable: as a client does with its key.
    func insist<T>(_ body: () async throws(Failure) -> T) async throws -> T {
        while true {
            do throws(Failure) { return try await body() } catch {
                guard case .unavailable = error else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private func append(
        _ stream: StreamID, _ command: CommandID, seconds: Int,
        _ make: @escaping @Sendable (Account) -> AccountCommand
    ) async throws(Failure) -> Appended {
        try await log.append(
            LogCommand(
                id: command, home: stream, streams: [stream],
                meta: EventMeta(actor: Actor(.root), door: .native, request: RequestID(high: 0x4000, low: 1 << 63)),
                deadline: .now + .seconds(seconds), authorize: { _ throws(Failure) in },
                decide: { input throws(Failure) in
                    let account = input.account(stream)
                    do throws(AccountRefusal) {
                        return Decision(stream, try account.decide(make(account)))
                    } catch { throw .account(error) }
                }))
    }
}

/// What a race has come to, shared by those who run it.
final class Progress: Sendable {
    private let answers = Mutex<[Answered]>([])
    private let over = Atomic<Bool>(false)

    var answered: [Answered] { answers.withLock { $0 } }
    var isOver: Bool { over.load(ordering: .acquiring) }

    func note(_ command: CommandID, _ stream: StreamID, _ it: Appended) {
        let answer = Answered(command: command, stream: stream, position: it.position, version: it.version)
        answers.withLock { $0.append(answer) }
    }

    func end() { over.store(true, ordering: .releasing) }
}

/// What was answered: a command's position and version.
struct Answered: Sendable {
    let command: CommandID
    let stream: StreamID
    let position: Int64
    let version: Int
}

/// Reads a log as it grows, on a thread of its own, and notes the first place where it was not whole.
final class GapWatch: Sendable {
    private let thread: PostgresThread
    private let state = Mutex<(position: Int64, time: Int64, fault: String?)>((0, .min, nil))

    init(_ configuration: PostgresConfiguration) { thread = PostgresThread(configuration, name: "watch") }

    var position: Int64 { state.withLock { $0.position } }
    var fault: String? { state.withLock { $0.fault } }

    /// Looks once at what is new.
    func look() async throws {
        let from = position
        let rows = try await thread.perform { connection in
            var parameters = PostgresParameters()
            parameters.append(from)
            return try connection.query(
                PostgresStatement(
                    "SELECT position, recorded_at FROM ledger.events WHERE position > $1 ORDER BY position",
                    parameterTypes: [.int8]), parameters)
        }
        for row in 0..<rows.count {
            let (position, time) = (try rows.int64(row, 0), try rows.timestampMicroseconds(row, 1))
            state.withLock { state in
                if position != state.position + 1, state.fault == nil {
                    state.fault = "\(position) came after \(state.position)"
                }
                if time < state.time, state.fault == nil { state.fault = "time went back at \(position)" }
                state.position = position
                state.time = time
            }
        }
    }
}

/// What must hold of a log after every race and crash.
enum WholeLog {
    /// Positions 1 to n, versions contiguous, no command twice, time monotonic; answers where they said they are.
    ///
    /// - Returns: what is wrong, in words; empty when nothing is.
    static func faults(_ connection: PostgresConnection, answers: [Answered]) throws -> [String] {
        let rows = try connection.query(
            PostgresStatement(
                """
                SELECT count(*), coalesce(max(position), 0), coalesce(min(position), 1),
                       count(DISTINCT command_id), count(DISTINCT (stream_id, version)),
                       count(*) FILTER (WHERE recorded_at < before), count(*) FILTER (WHERE version <> previous + 1)
                  FROM (SELECT *, lag(recorded_at) OVER (ORDER BY position) AS before,
                               coalesce(lag(version) OVER (PARTITION BY stream_id ORDER BY position), 0) AS previous
                          FROM ledger.events) e
                """))
        var faults: [String] = []
        let count = try rows.int64(0, 0)
        if try rows.int64(0, 1) != count || (count > 0 && rows.int64(0, 2) != 1) {
            faults.append("positions have gaps")
        }
        if try rows.int64(0, 3) != count { faults.append("a command was applied twice") }
        if try rows.int64(0, 4) != count { faults.append("a version was given twice") }
        if try rows.int64(0, 5) != 0 { faults.append("time went back") }
        if try rows.int64(0, 6) != 0 { faults.append("versions have gaps") }
        let stored = try connection.query(
            PostgresStatement("SELECT position, command_id, version FROM ledger.events ORDER BY position"))
        var places: [CommandID: (position: Int64, version: Int32)] = [:]
        for row in 0..<stored.count {
            let id = try stored.uuid(row, 1)
            places[CommandID(high: id.high, low: id.low)] = (try stored.int64(row, 0), try stored.int32(row, 2))
        }
        for answer in answers {
            guard let place = places[answer.command] else {
                faults.append("an acknowledged command is not there")
                continue
            }
            if place.position != answer.position || Int(place.version) != answer.version {
                faults.append("a command is not where its answer said")
            }
        }
        return faults
    }
}
