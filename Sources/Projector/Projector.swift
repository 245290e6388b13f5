public import EventCoding
public import Logging
public import PostgresClient
public import ProjectionKit

/// Keeps the read models level with the log, on threads of its own (docs/log.md).
///
/// Any number of processes may run one; lanes are leased step by step, so none of them leads.
public final class Projector: Sendable {
    private let setup: ProjectorSetup
    private let state = ProjectorState()

    /// A projector that does nothing yet.
    ///
    /// - Parameters:
    ///   - configuration: A database whose user is a member of `ledger_projector`.
    ///   - projections: What to keep level.
    ///   - keyring: Opens the streams' keys.
    ///   - log: The log to read.
    ///   - workers: How many threads fold.
    ///   - listens: Whether to subscribe to the log's notifications, on a connection of its own; not needed where
    ///     every appender of the log calls ``wake()``.
    ///   - rebuilding: How rebuilds are done that somebody asks for; nil when other processes do them.
    ///   - upcasters: What lifts old versions of events.
    ///   - logger: Where alarms go.
    public init(
        configuration: PostgresConfiguration, projections: [any Projection], keyring: LoadedKeyring, log: Int16 = 0,
        workers: Int = 1, listens: Bool = true, rebuilding: RebuildSettings? = nil, upcasters: Upcasters = .shipped,
        logger: Logger
    ) {
        setup = ProjectorSetup(
            configuration: configuration, projections: projections, keyring: keyring, log: log,
            workers: max(1, workers), listens: listens, rebuilding: rebuilding, upcasters: upcasters, logger: logger)
    }

    /// Works until the task is cancelled, then finishes the steps in hand.
    public func run() async {
        let setup = setup
        let state = state
        await withTaskCancellationHandler {
            let others = (setup.listens ? 1 : 0) + (setup.rebuilding == nil ? 0 : 1)
            await state.waitUntilEnded(setup.workers + others) {
                for number in 0..<setup.workers {
                    let bell = Bell()
                    state.add(bell)
                    _ = DedicatedThread(name: "projector \(number)") {
                        ProjectorWorker(setup, state, bell, number: number).run()
                        state.threadEnded()
                    }
                }
                if let rebuilding = setup.rebuilding {
                    _ = DedicatedThread(name: "rebuilder") {
                        RebuildExecutor(setup, rebuilding, state).run()
                        state.threadEnded()
                    }
                }
                guard setup.listens else { return }
                _ = DedicatedThread(name: "projector ear") {
                    LogListener(setup: setup, state: state).run()
                    state.threadEnded()
                }
            }
        } onCancel: {
            state.stop()
        }
    }

    /// Tells that the log has grown: what was appended in the same process is seen without a poll.
    public func wake() { state.ring() }

    /// Lanes that stand still.
    public var alarms: [ProjectorAlarm] { state.alarms }

    /// How many events were read by this process, each counted once for all projections level with each other.
    public var foldedEvents: Int { state.foldedEvents }
}

/// What a projector works with.
struct ProjectorSetup: Sendable {
    let configuration: PostgresConfiguration
    let projections: [any Projection]
    let keyring: LoadedKeyring
    let log: Int16
    let workers: Int
    let listens: Bool
    let rebuilding: RebuildSettings?
    let upcasters: Upcasters
    let logger: Logger

    /// The session of a worker.
    ///
    /// A step that a crash takes away is made again, so commits need not wait for the disk.
    var workerConfiguration: PostgresConfiguration {
        var worker = configuration
        worker.synchronousCommit = "off"
        worker.statementTimeoutMilliseconds = 30_000
        worker.session.merge(
            [
                "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_hashjoin": "off",
                "enable_mergejoin": "off", "enable_bitmapscan": "off", "jit": "off",
            ]
        ) { given, _ in given }
        return worker
    }
}
