import Accounts
import DoorKit
import Logging
import PostgresClient
import ServiceLifecycle

/// Something that a process does beside its requests, again and again until it ends.
protocol Chore: Sendable {
    /// How long to rest between two rounds.
    var pause: Duration { get }
    /// What the log says when rounds begin to fail; nil when nobody needs to know.
    var trouble: Logger.Message? { get }

    /// One round, which may end early when the task is cancelled.
    ///
    /// - Parameter thread: A connection that the chores of a process share: long work is many short jobs on it.
    /// - Throws: Whatever went wrong; the next round begins anew.
    mutating func round(_ thread: PostgresThread) async throws
}

/// The chores of a process, side by side and on one connection, until it ends in order.
///
/// None keeps a state that matters: what is left to do stands in the database, so that another process goes on where this
/// one ended.
struct Housekeeping: Service {
    private let configuration: PostgresConfiguration
    private let chores: [any Chore]
    private let logger: Logger

    init(_ configuration: PostgresConfiguration, _ chores: [any Chore], logger: Logger) {
        self.configuration = configuration
        self.chores = chores
        self.logger = logger
    }

    func run() async throws {
        let thread = PostgresThread(configuration, name: "housekeeping")
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for chore in chores { group.addTask { await Self.keep(at: chore, thread, logger) } }
            }
        }
        await thread.close()
    }

    private static func keep(at chore: any Chore, _ thread: PostgresThread, _ logger: Logger) async {
        var chore = chore
        var isFailing = false
        while !Task.isCancelled {
            do {
                try await chore.round(thread)
                isFailing = false
            } catch Failure.unavailable {
                // The database is away, which is told by those who need it at once; what is due stays due.
            } catch {
                if !isFailing, !Task.isCancelled, let trouble = chore.trouble {
                    logger.warning(trouble, metadata: ["error": "\(describe(error))"])
                }
                isFailing = true
            }
            try? await Task.sleep(for: chore.pause)
        }
    }

    private static func describe(_ error: any Error) -> String {
        (error as? Failure)?.safeDescription ?? (error as? PostgresError)?.description ?? "\(type(of: error))"
    }
}
