import AccountDomain
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import ProjectionKit

/// One thread of a rebuild: takes a range, folds it, and writes it with its note in one transaction.
struct RangeWorker {
    let number: Int
    let setup: ProjectorSetup
    let chunkRows: Int32
    let job: RebuildJob
    let target: RebuildJob.Target
    let progress: RebuildProgress
    let queue: RangeQueue
    let team: RangeTeam

    func run(on connection: PostgresConnection) throws {
        let bell = Bell()
        while true {
            try check()
            switch queue.next() {
            case .done: return
            case .wait: bell.wait(milliseconds: 20)
            case .range(let range):
                defer { queue.finished() }
                try build(range, job.projection, on: connection)
            }
        }
    }

    private func check() throws {
        try progress.check()
        if team.error != nil { throw RebuildInterruption() }
    }

    private func build<P: Projection>(_ range: StreamRange, _ projection: P, on connection: PostgresConnection) throws {
        let pass = RangePass(projection, range: range, setup: setup)
        var unseen = 0
        try pass.fold(
            upTo: target.head, readSize: ReadSize(atMost: chunkRows, bytes: team.bytesAtOnce), on: connection,
            isTight: { bytes in
                unseen += bytes
                guard unseen >= team.bytesUnseen else { return false }
                unseen = 0
                return team.isTight
            },
            giveBack: { queue.giveBack($0, keeping: $1) },
            report: { share in
                try check()
                progress.report(number, share)
            })
        try connection.transaction { connection in
            let outcome = try pass.write(suffix: job.suffix(target), on: connection)
            try park(outcome.parked, on: connection)
            var note = PostgresParameters()
            note.append(job.id)
            note.append(pass.range.streams.lowerBound)
            note.append(pass.range.streams.upperBound)
            note.append(outcome.rows)
            note.append(outcome.versions)
            try connection.query(Statement.addRange, note)
            try job.guardOwnership(on: connection)
        }
        progress.finish(number, pass.range.share)
    }

    /// Streams that cannot be folded are no reason to do without the others; of a scratch version nobody retries them.
    private func park(
        _ streams: [(stream: StreamID, poison: PoisonError)], on connection: PostgresConnection
    ) throws {
        let bits = Projections.lanes.trailingZeroBitCount
        for (lane, streams) in Dictionary(grouping: streams, by: { Int16($0.stream.high >> UInt64(64 - bits)) }) {
            var parameters = PostgresParameters()
            parameters.append(setup.log)
            parameters.append(lane)
            parameters.append(array: streams.map { _ in job.name })
            parameters.append(array: streams.map { _ in target.version })
            parameters.append(array: streams.map { ($0.stream.high, $0.stream.low) })
            parameters.append(array: streams.map(\.poison.position))
            parameters.append(array: streams.map(\.poison.text))
            parameters.append(array: streams.map { $0.poison.type.isEmpty ? nil : $0.poison.type })
            try connection.query(Statement.park, parameters)
            for (stream, poison) in streams {
                setup.logger.error(
                    "stream parked",
                    metadata: [
                        "projection": "\(job.name)", "version": "\(target.version)", "stream": "\(stream)",
                        "position": "\(poison.position)", "type": "\(poison.type)", "error": "\(poison.text)",
                    ])
            }
        }
    }
}
