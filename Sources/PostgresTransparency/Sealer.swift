public import Logging
import PostgresClient
public import Transparency

/// Seals the log, off the path of appends (docs/transparency.md): checks what is new, extends the Merkle tree over it,
/// and signs a checkpoint, round by round.
///
/// Every gateway runs one; a lock decides each round whose it is. It stops for good when it finds something that must
/// not be signed.
public final class Sealer: Sendable {
    private let configuration: SealerConfiguration
    private let state = SealerState()
    private let logger: Logger

    /// A sealer that does nothing yet.
    public init(_ configuration: SealerConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Works until the task is cancelled, then seals what is left.
    public func run() async {
        let configuration = configuration
        let state = state
        let logger = logger
        await withTaskCancellationHandler {
            await state.waitUntilEnded {
                _ = DedicatedThread(name: "sealer") {
                    SealerLoop(configuration, state, logger: logger).run()
                    state.threadEnded()
                }
            }
        } onCancel: {
            state.stop()
        }
    }

    /// Tells that the log has grown.
    public func wake() { state.grew() }

    /// Why nothing is signed any more; nil while all is well.
    public var fault: SealingFault? { state.fault }

    /// The newest checkpoint that this process published; nil before its first.
    public var newest: SealedCheckpoint? { state.newest }

    /// Which log.
    var log: Int16 { configuration.log }

    /// The sizes of the checkpoints that this process publishes; whoever is slow is given the newest alone.
    public func published() -> AsyncStream<Int64> { state.follow() }

    /// What an operator must look at, one sentence each.
    public var alarms: [String] {
        var alarms: [String] = []
        if let fault = state.fault {
            alarms.append("nothing more is sealed: \(fault)")
        } else if let hold = state.hold {
            alarms.append("the newest events are not sealed: \(hold)")
        }
        if let trouble = state.trouble {
            alarms.append("the newest checkpoint is not kept outside the database: \(trouble)")
        }
        return alarms
    }
}
