package import Accounts
import EventCoding
import PostgresClient

extension Failure {
    /// What trouble of the database or of decoding means to a use case.
    package init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as PostgresError: self.init(postgres: error)
        // The keyring will be read again once its file has the epoch; until then nothing is wrong but that.
        case EventCodingError.unknownEpoch: self = .unavailable(retryAfterSeconds: 5)
        case let error as EventCodingError: self = .fault(error.description)
        default: self = .fault("\(type(of: error))")
        }
    }

    private init(postgres error: PostgresError) {
        switch error.kind {
        case .connection, .timeout, .closed, .overloaded, .cancelled: self = .unavailable(retryAfterSeconds: 1)
        case .decoding: self = .fault("a column was not of the expected type: \(error.message)")
        case .server:
            // Insufficient resources (disk full, too many connections), operator intervention, locks and time-outs
            // pass; anything else is a fault of ours.
            // So do clocks apart, a keyring read too early, and a log that ends before what was read (LG004, 6, 7).
            let passes =
                ["53", "57", "08", "40", "55", "58"].contains(String(error.sqlState.prefix(2)))
                || ["LG004", "LG006", "LG007"].contains(error.sqlState)
            self = passes ? .unavailable(retryAfterSeconds: 2) : .fault("SQLSTATE \(error.sqlState): \(error.message)")
        }
    }
}
