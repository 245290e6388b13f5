internal import CPostgres
internal import Glibc

/// One connection in pipeline mode, with what is under way on it.
@safe
final class PipelineWire {
    /// What becomes of a statement when its synchronisation is over.
    enum Outcome {
        case answer(Result<PostgresRows, PostgresError>)
        case sendAgain
    }

    /// What the server answers next, in the order of sending.
    private enum Step {
        case preparing(PreparedStatement, for: PipelineEntry)
        case statement(PipelineEntry)
        case synchronisation
    }

    /// More statements on the wire do not make it faster, and those that wait can still be taken back.
    private static let inFlightLimit = 1024
    /// How many read-only statements share a synchronisation: enough to save most of its cost, few enough that the
    /// first does not wait long for the last.
    private static let shareLimit = 16

    private let connection: PostgresConnection
    private let handle: OpaquePointer
    private let stallLimitMilliseconds: Int64
    private var steps = Ring<Step>()
    /// Statements answered since the last synchronisation.
    private var group: [PipelineEntry] = []
    /// A failure of the synchronisation itself, which is a failure to commit.
    private var commitFailure: PostgresError?
    private var inFlight = 0
    /// How many statements were sent since the last synchronisation.
    private var unsynchronised = 0
    private var lastReceived = Monotonic.nowMilliseconds
    private var hasUnsent = false

    init(_ connection: PostgresConnection, stallLimitMilliseconds: Int) throws(PostgresError) {
        self.connection = connection
        self.stallLimitMilliseconds = Int64(stallLimitMilliseconds)
        let handle = try unsafe connection.openHandle()
        unsafe self.handle = handle
        guard connection.isIdle, unsafe PQenterPipelineMode(handle) == 1 else {
            throw unsafe PostgresError(connection: handle)
        }
    }

    var hasRoom: Bool { inFlight < Self.inFlightLimit }
    var isEmpty: Bool { steps.isEmpty }
    var socket: Int32 { unsafe PQsocket(handle) }
    var events: Int16 { Int16(hasUnsent ? POLLIN | POLLOUT : POLLIN) }

    /// The deadline of the statement whose answer is due next.
    var oldestDeadline: Int64? {
        if let entry = group.first { return entry.deadline }
        switch steps.first {
        case .preparing(_, let entry), .statement(let entry): return entry.deadline
        case .synchronisation, nil: return nil
        }
    }

    /// When the connection has to be given up unless the server says something.
    var stallsAt: Int64? {
        oldestDeadline.map { $0 == Monotonic.never ? $0 : max($0, lastReceived) + stallLimitMilliseconds }
    }

    func forEachEntry(_ body: (PipelineEntry) -> Void) {
        group.forEach(body)
        steps.forEach { if case .statement(let entry) = $0 { body(entry) } }
    }

    /// Closes the connection and gives what was under way.
    func close() -> [PipelineEntry] {
        connection.close()
        var entries = group
        for case .statement(let entry) in steps.removeAll() { entries.append(entry) }
        group = []
        return entries
    }

    // MARK: Sending

    /// Sends a statement, and the preparing of it when it is new here.
    func send(_ entry: PipelineEntry, mayShareWithNext: Bool) -> PostgresError? {
        entry.prepareForSending()
        // A server that has long been idle owes nothing: the silence counts from now.
        if steps.isEmpty { lastReceived = Monotonic.nowMilliseconds }
        // Part of the wire from here on, whether the sending works or not.
        defer { inFlight += 1 }
        var prepared = connection.prepared[entry.statement]
        if prepared == nil {
            prepared = unsafe connection.prepared.sendPreparing(entry.statement, on: handle)
            if let prepared { steps.append(.preparing(prepared, for: entry)) }
        }
        steps.append(.statement(entry))
        entry.prepared = prepared
        guard let prepared, unsafe connection.prepared.send(prepared, entry.parameters, on: handle) else {
            return unsafe PostgresError(connection: handle)
        }
        unsynchronised += 1
        return mayShareWithNext && unsynchronised < Self.shareLimit ? nil : synchronise()
    }

    /// Completes the turn: what was sent is synchronised and on its way.
    func endOfTurn() -> PostgresError? {
        if unsynchronised > 0, let failure = synchronise() { return failure }
        return flush()
    }

    private func synchronise() -> PostgresError? {
        guard unsafe PQpipelineSync(handle) == 1 else { return unsafe PostgresError(connection: handle) }
        steps.append(.synchronisation)
        unsynchronised = 0
        return nil
    }

    private func flush() -> PostgresError? {
        let code = unsafe PQflush(handle)
        hasUnsent = code == 1
        return code < 0 ? unsafe PostgresError(connection: handle) : nil
    }

    // MARK: Receiving

    /// Reads all that came and hands over each statement that is done.
    func receive(_ done: (PipelineEntry, Outcome) -> Void) -> PostgresError? {
        let isAlive = unsafe PQconsumeInput(handle) == 1
        lastReceived = Monotonic.nowMilliseconds
        // What came before the end of the stream is still true.
        while let step = steps.first, unsafe PQisBusy(handle) == 0 {
            let result = unsafe PQgetResult(handle)
            if let failure = unsafe take(result, for: step, done) { return failure }
        }
        guard isAlive, unsafe PQstatus(handle) == CONNECTION_OK else {
            return unsafe PostgresError(connection: handle)
        }
        // With nothing under way PQisBusy has not looked at what came, a notice of termination for example.
        if steps.isEmpty { _ = unsafe PQisBusy(handle) }
        return hasUnsent ? flush() : nil
    }

    /// Takes one result of the step at the head; gives a failure that ends the connection.
    private func take(
        _ result: OpaquePointer?, for step: Step, _ done: (PipelineEntry, Outcome) -> Void
    ) -> PostgresError? {
        guard let result = unsafe result else {
            switch step {
            case .preparing: steps.popFirst()
            case .statement(let entry):
                steps.popFirst()
                group.append(entry)
            case .synchronisation:
                // The end of an error of the commit; without one libpq and this disagree about what is under way.
                guard commitFailure != nil else {
                    return PostgresError(kind: .connection, message: "lost step with the server")
                }
            }
            return nil
        }
        let status = unsafe PQresultStatus(result)
        if status == PGRES_PIPELINE_SYNC {
            unsafe PQclear(result)
            guard case .synchronisation = step else {
                return PostgresError(kind: .connection, message: "lost step with the server")
            }
            steps.popFirst()
            finishGroup(done)
            return nil
        }
        if status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE {
            defer { unsafe PQclear(result) }
            let failure = unsafe PostgresError(result: result)
            if failure.kind == .connection { return failure }
            note(failure, for: step)
            return nil
        }
        if status == PGRES_PIPELINE_ABORTED {
            unsafe PQclear(result)
            noteSkipped(step)
            return nil
        }
        guard status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY else {
            unsafe PQclear(result)
            return PostgresError(kind: .connection, message: "a statement that does not belong into a pipeline")
        }
        if case .statement(let entry) = step {
            unsafe entry.keep(result)
        } else {
            unsafe PQclear(result)
        }
        return nil
    }

    private func note(_ failure: PostgresError, for step: Step) {
        switch step {
        case .preparing(let prepared, let entry):
            connection.prepared.forget(prepared)
            prepared.failure = failure
            entry.failure = failure
        case .statement(let entry): entry.failure = failure
        case .synchronisation: commitFailure = failure
        }
    }

    private func noteSkipped(_ step: Step) {
        switch step {
        case .preparing(let prepared, _): connection.prepared.forget(prepared)
        case .statement(let entry): entry.isSkipped = entry.failure == nil
        case .synchronisation: break
        }
    }

    private func finishGroup(_ done: (PipelineEntry, Outcome) -> Void) {
        let warnings = connection.notices.warnings
        connection.notices.clear()
        let failedCommit = commitFailure.take()
        inFlight -= group.count
        for entry in group {
            if let failure = entry.failure {
                if let cause = entry.prepared?.failure {
                    done(entry, .answer(.failure(cause)))
                } else if failure.asksForPreparingAgain, !entry.isRepeated {
                    if let prepared = entry.prepared { connection.prepared.forget(prepared) }
                    entry.isRepeated = true
                    entry.isAlone = true
                    done(entry, .sendAgain)
                } else {
                    done(entry, .answer(.failure(failure)))
                }
            } else if entry.isSkipped {
                // Only read-only statements share, so nothing was undone with the one that failed.
                entry.isAlone = true
                done(entry, .sendAgain)
            } else if let failedCommit {
                done(entry, .answer(.failure(failedCommit)))
            } else if let rows = entry.rows(warnings: warnings) {
                done(entry, .answer(.success(rows)))
            } else {
                done(entry, .answer(.failure(.decoding("the server gave no result"))))
            }
        }
        group.removeAll(keepingCapacity: true)
    }
}
