import Logging
import PostgresClient
import Transparency

/// The offers to one witness, one after the other: always of the newest checkpoint, whatever was passed over meanwhile.
struct WitnessOffers {
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(300)
    /// How often an offer is made anew at once with the size that the witness names.
    private static let mostTries = 4

    let line: any WitnessLine
    let log: any SealedLog
    let number: Int16
    let thread: PostgresThread
    let logger: Logger
    /// Raises an alarm, or with nil takes it back.
    let alarm: @Sendable (String?) -> Void
    /// The size that the witness is known to have seen last.
    private(set) var seen: Int64 = 0
    /// What stood in the way last, so that it is told once.
    private(set) var trouble: String?

    /// Makes an offer for each size that is published, until the task is cancelled.
    mutating func run(_ published: AsyncStream<Int64>) async {
        for await size in published where size > seen {
            var pause = Self.firstPause
            while !Task.isCancelled {
                do {
                    try await offer()
                    if trouble != nil { logger.notice("a witness cosigns again", metadata: who) }
                    trouble = nil
                    alarm(nil)
                    break
                } catch {
                    guard !Task.isCancelled else { return }
                    note(error)
                    guard (try? await Task.sleep(for: pause)) != nil else { return }
                    pause = min(pause * 2, Self.longestPause)
                }
            }
        }
    }

    /// Offers the newest checkpoint, unless the witness has cosigned it already for another gateway.
    private mutating func offer() async throws {
        guard var newest = try await log.newestCheckpoint() else { return }
        var note = try SignedNote(newest.note)
        let key = line.witness.key
        if try !key.cosignatures(among: note.signatures, of: note.text).isEmpty {
            seen = newest.size
            return
        }
        var old = seen <= newest.size ? seen : 0
        for _ in 0..<Self.mostTries {
            guard let proven = try await log.consistency(from: old, to: newest.size) else {
                throw WitnessTrouble.restless
            }
            switch try await line.post(Array("\(WitnessOffer(note, proven.proof))".utf8)) {
            case .cosigned(let lines):
                guard let cosignature = try key.cosignatures(among: lines, of: note.text).first else {
                    throw WitnessTrouble.notCosigned
                }
                try await keep(cosignature, below: newest.size)
                seen = newest.size
                return
            case .size(let size) where size > newest.size:
                // Another gateway may have sealed and offered more since the newest was read.
                guard let newer = try await log.newestCheckpoint(), newer.size >= size else {
                    throw WitnessTrouble.behind(saw: size, have: newest.size)
                }
                (newest, note, old) = (newer, try SignedNote(newer.note), size)
            case .size(old):
                throw old == newest.size ? WitnessTrouble.otherTree(old) : WitnessTrouble.restless
            case .size(let size): old = size
            case .inconsistent: throw WitnessTrouble.rewritten(saw: old, have: newest.size)
            case .other(let status): throw WitnessTrouble.refused(status)
            }
        }
        throw WitnessTrouble.restless
    }

    private func keep(_ cosignature: Cosignature, below size: Int64) async throws {
        var parameters = PostgresParameters()
        parameters.append(number)
        parameters.append(size)
        parameters.append(line.witness.key.mark)
        parameters.append("\(cosignature.line)")
        let filled = parameters
        try await thread.perform { _ = try $0.query(Statement.insertCosignature, filled) }
    }

    // MARK: What is told

    private var who: Logger.Metadata { ["witness": "\(line.witness.key.name)"] }

    private mutating func note(_ error: any Error) {
        let text = (error as? any CustomStringConvertible)?.description ?? "\(type(of: error))"
        let isAlarm = (error as? WitnessTrouble)?.isAlarm ?? false
        // A witness that is away meanwhile takes nothing back.
        if isAlarm { alarm(text) }
        guard text != trouble else { return }
        trouble = text
        logger.log(
            level: isAlarm ? .critical : .warning,
            isAlarm ? "a witness saw another log than this" : "a checkpoint is not cosigned, and offered again later",
            metadata: who.merging(["reason": "\(text)"]) { $1 })
    }
}
