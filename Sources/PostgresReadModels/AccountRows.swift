import AccountDomain
import PostgresClient
import PostgresLedger
import Synchronization

/// Rows of accounts, many concurrent reads in one statement: while one is on its way the next gathers.
///
/// A statement costs the server more than the rows it finds, so a batch is what makes a busy gateway's reads cheap. A
/// lone read goes at once.
final class AccountRows: Sendable {
    /// A row that may be shown.
    struct Row: Sendable {
        let version: Int
        let space: SpaceID?
        /// The sealed view.
        let box: [UInt8]
    }

    private struct Reader: Sendable {
        let id: AccountID
        let answer: @Sendable (Result<Row?, PostgresError>) -> Void
    }

    private struct State {
        var waiting: [Reader] = []
        var isBusy = false
    }

    /// So many wait in one statement; the rest for the next.
    private static let most = 256

    private let log: PostgresLog
    private let model: ActiveModel<ReadStatements.Accounts>
    private let state = Mutex(State())

    init(log: PostgresLog, model: ActiveModel<ReadStatements.Accounts>) {
        self.log = log
        self.model = model
    }

    /// The row of an account; nil when there is none that may be shown as it is.
    func row(_ id: AccountID) async throws -> Row? {
        try await withCheckedThrowingContinuation { continuation in
            let isFirst = state.withLock { state in
                state.waiting.append(Reader(id: id) { continuation.resume(with: $0) })
                defer { state.isBusy = true }
                return !state.isBusy
            }
            if isFirst { send() }
        }
    }

    private func send() {
        let batch = state.withLock { state in
            let batch = Array(state.waiting.prefix(Self.most))
            state.waiting.removeFirst(batch.count)
            if batch.isEmpty { state.isBusy = false }
            return batch
        }
        guard !batch.isEmpty else { return }
        guard let chosen = model.present, chosen.isOurs else {
            // Nobody has asked yet which version answers: each of them does.
            for reader in batch { reader.answer(.success(nil)) }
            return send()
        }
        var parameters = PostgresParameters()
        parameters.append(array: batch.map { (high: $0.id.high, low: $0.id.low) })
        parameters.append(log.number)
        log.reader.submit(chosen.statements.findRows, parameters) { result in
            // The next batch goes out before anybody is woken.
            self.send()
            self.log.reader.performAfterSendingOrNow { self.answer(batch, result) }
        }
    }

    private func answer(_ batch: [Reader], _ result: Result<PostgresRows, PostgresError>) {
        do {
            let rows = try result.get()
            if rows.count > 0 { model.note(rows.isNull(0, 6) ? nil : try rows.int32(0, 6)) }
            var found: [AccountID: Row] = [:]
            found.reserveCapacity(rows.count)
            for row in 0..<rows.count where try !rows.bool(row, 5) && !rows.bool(row, 4) && !rows.isNull(row, 2) {
                found[try rows.id(row, 0)] = Row(
                    version: Int(try rows.int32(row, 1)), space: rows.isNull(row, 3) ? nil : try rows.id(row, 3),
                    box: try rows.bytes(row, 2))
            }
            for reader in batch { reader.answer(.success(found[reader.id])) }
        } catch {
            if let error = error as? PostgresError, error.sqlState == PostgresError.undefinedTable {
                // The version was dropped; whoever reads next finds the one that took its place.
                model.forget()
                for reader in batch { reader.answer(.success(nil)) }
                return
            }
            let error = error as? PostgresError ?? PostgresError(kind: .decoding, message: "a row cannot be read")
            for reader in batch { reader.answer(.failure(error)) }
        }
    }
}

extension PostgresPipeline {
    /// Runs a closure once what waits is sent, or at once when the pipeline is closing.
    fileprivate func performAfterSendingOrNow(_ body: @escaping @Sendable () -> Void) {
        if !performAfterSending(body) { body() }
    }
}
