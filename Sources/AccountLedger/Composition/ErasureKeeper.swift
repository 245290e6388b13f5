import AccountDomain
import Logging
import PostgresClient
import PostgresLedger

/// Takes away in the background what is left of the erased, and blobs whose command never came to be.
///
/// Every gateway has one, and one of them works at a time. A database that must not be written to is left as it is.
struct ErasureKeeper: Chore {
    /// Blobs are looked at a day after they were stored, so there is no haste.
    private static let blobPause: Duration = .seconds(600)
    private static let reportPause: Duration = .seconds(10)
    private static let pageLimit: Int32 = 200

    let pause: Duration = .seconds(2)
    let trouble: Logger.Message? = "the erased cannot be purged"

    private let log: Int16
    private let mayWrite: @Sendable () -> Bool
    private let logger: Logger
    private var blobsDue = ContinuousClock.now

    /// A keeper that rests while `mayWrite` says no.
    init(log: Int16 = 0, mayWrite: @escaping @Sendable () -> Bool, logger: Logger) {
        self.log = log
        self.mayWrite = mayWrite
        self.logger = logger
    }

    mutating func round(_ thread: PostgresThread) async throws {
        guard mayWrite() else { return }
        let collects = blobsDue <= .now
        try await round(thread, collectsBlobs: collects)
        if collects { blobsDue = .now + Self.blobPause }
    }

    /// What one round has come to.
    private struct Tally {
        var streams = 0
        var pieces = 0
        var strange = 0
        var nextReport = ContinuousClock.now + reportPause
    }

    private func round(_ thread: PostgresThread, collectsBlobs: Bool) async throws {
        let log = log
        let first = try await thread.perform { connection in
            try ErasurePurge.outstanding(log, after: nil, limit: Self.pageLimit, on: connection)
        }
        guard !first.isEmpty || collectsBlobs else { return }
        guard try await thread.perform({ try ErasurePurge.begin(log, on: $0) }) else { return }
        do {
            try await purge(first, thread)
            if collectsBlobs { try await collectBlobs(thread) }
        } catch {
            // The place goes with the session; a session that still stands gives it up.
            _ = try? await thread.perform { try ErasurePurge.end(log, on: $0) }
            throw error
        }
        try await thread.perform { try ErasurePurge.end(log, on: $0) }
    }

    private func purge(_ first: [StreamID], _ thread: PostgresThread) async throws {
        let log = log
        var tally = Tally()
        var streams = first
        while let last = streams.last {
            for stream in streams { try await purge(stream, thread, &tally) }
            streams = try await thread.perform { connection in
                try ErasurePurge.outstanding(log, after: last, limit: Self.pageLimit, on: connection)
            }
        }
        if tally.streams > 0 { report("purged what was left of the erased", tally) }
        if tally.strange > 0 {
            logger.debug(
                "streams have no key, and no event that says why", metadata: ["streams": "\(tally.strange)"])
        }
    }

    private func purge(_ stream: StreamID, _ thread: PostgresThread, _ tally: inout Tally) async throws {
        let log = log
        while true {
            // Each step is a job of its own, so that an end in order waits for one step only.
            let pieces: Int
            do {
                pieces = try await thread.perform { try ErasurePurge.purge(stream, of: log, on: $0) }
            } catch let error as PostgresError where error.sqlState == "LG008" {
                tally.strange += 1
                return
            }
            tally.pieces += pieces
            if pieces == 0 {
                tally.streams += 1
                return
            }
            if tally.nextReport <= .now {
                report("purging what is left of the erased", tally)
                tally.nextReport = .now + Self.reportPause
            }
        }
    }

    private func report(_ text: Logger.Message, _ tally: Tally) {
        logger.notice(text, metadata: ["streams": "\(tally.streams)", "boxes_and_blobs": "\(tally.pieces)"])
    }

    private func collectBlobs(_ thread: PostgresThread) async throws {
        let log = log
        var taken = 0
        while true {
            let step = try await thread.perform { try ErasurePurge.collectBlobs(log, on: $0) }
            taken += step.taken
            if step.looked == 0 { break }
        }
        if taken > 0 { logger.notice("took away blobs that no event names", metadata: ["blobs": "\(taken)"]) }
    }
}
