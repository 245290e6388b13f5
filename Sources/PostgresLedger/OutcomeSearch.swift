import AccountDomain
import Accounts
import Logging
import PostgresClient

/// Finds out what became of a batch whose answer was lost (docs/log.md): a commit whose connection broke may stand or not.
struct OutcomeSearch: Sendable {
    let reader: PostgresPipeline
    let log: Int16
    let backend: Int32
    let logger: Logger

    private static let endBackend = PostgresStatement(Statement.endBackend, parameterTypes: [.int4])
    private static let findCommand = PostgresStatement(
        Statement.findCommand, parameterTypes: [.int2, .uuid, .int4, .uuid], isReadOnly: true)

    /// Searches until every command's fate is known or its deadline has passed.
    ///
    /// A command that stands is answered from its events; one that does not is decided again.
    func run(_ batch: [PreparedCommand], _ completion: @escaping @Sendable ([CommandOutcome]) -> Void) {
        let last = batch.map(\.command.deadline).max() ?? .now
        endBackend(until: last) { isGone in
            guard isGone else {
                return completion(batch.map { _ in .decided(.failure(.unavailable(retryAfterSeconds: 2))) })
            }
            find(batch[...], []) { completion($0) }
        }
    }

    /// Asks again and again, each time on whatever connection there is, until the old backend is gone.
    private func endBackend(
        until deadline: ContinuousClock.Instant, _ completion: @escaping @Sendable (Bool) -> Void
    ) {
        guard ContinuousClock.now < deadline else { return completion(false) }
        var parameters = PostgresParameters()
        parameters.append(backend)
        reader.submit(Self.endBackend, parameters, deadlineMilliseconds: 1_000) { result in
            switch result {
            case .success(let rows) where (try? rows.bool(0, 0)) == true: completion(true)
            default: endBackend(until: deadline, completion)
            }
        }
    }

    private func find(
        _ rest: ArraySlice<PreparedCommand>, _ found: [CommandOutcome],
        _ completion: @escaping @Sendable ([CommandOutcome]) -> Void
    ) {
        guard let prepared = rest.first, let home = prepared.parts.first else { return completion(found) }
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(home.stream)
        parameters.append(home.entry.version)
        parameters.append(prepared.command.id)
        reader.submit(Self.findCommand, parameters, deadlineMilliseconds: 2_000) { result in
            let outcome: CommandOutcome
            switch result {
            case .success(let rows):
                if rows.count == 0 {
                    outcome = .mustLoad(prepared.command.streams)
                } else {
                    outcome = home.destroysKey && prepared.isWritten(in: rows) ? .appliedUnanswered : .appliedEarlier
                }
            case .failure: outcome = .decided(.failure(.unavailable(retryAfterSeconds: 2)))
            }
            find(rest.dropFirst(), found + [outcome], completion)
        }
    }
}

extension PreparedCommand {
    /// Whether events found under its id are those that it made itself, not those of an earlier request with the same
    /// Idempotency-Key: they name the same request, by the same caller and of the same content.
    fileprivate func isWritten(in rows: PostgresRows) -> Bool {
        guard let meta = parts.first?.events.first?.meta else { return false }
        return (try? rows.bytes(0, 3)) == meta
    }
}
