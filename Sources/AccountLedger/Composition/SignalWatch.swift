import EventCoding
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// Watches the signals that the service group does not answer: a second wish to end, and SIGHUP.
struct SignalWatch: Service {
    let keyring: LoadedKeyring
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await signal in await UnixSignalsSequence(trapping: .sighup) where signal == .sighup {
                if keyring.reload() {
                    logger.notice("read the keyring again")
                } else {
                    logger.error("the keyring file cannot be used; the keyring stays as it was")
                }
            }
        }
    }
}

/// Ends the process at the second SIGINT or SIGTERM, for whoever has no more patience.
struct ImpatienceWatch {
    static func run() async {
        var count = 0
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
            count += 1
            if count > 1 { _exit(CommandStatus.failure.rawValue) }
        }
    }
}
