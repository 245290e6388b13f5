internal import CPostgres

/// Why a statement or a connection failed.
///
/// It never carries `DETAIL` or `CONTEXT`, and no quoted input of data errors, since these may hold personal data.
public struct PostgresError: Error, Sendable, Equatable {
    /// What kind of failure it is, as far as a caller acts on it.
    public enum Kind: Sendable, Equatable {
        /// The connection could not be made, or was lost.
        case connection
        /// The server refused the statement; `sqlState` says why.
        case server
        /// The deadline passed.
        case timeout
        /// The waiting task was cancelled before the statement was handed over.
        case cancelled
        /// The pipeline, thread or connection was closed by its owner.
        case closed
        /// A value was not of the type, the format or the shape asked for.
        case decoding
        /// The bounded queue is full.
        case overloaded
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// The five characters of the SQLSTATE, empty when there is none.
    public let sqlState: String
    /// The primary message, one line.
    public let message: String
    /// The server's hint.
    public let hint: String?
    /// The name of the constraint that was violated.
    public let constraint: String?
    /// Whether the statement may have taken effect all the same.
    ///
    /// True when it was sent and its answer never came or says nothing final; the caller has to look.
    public let isOutcomeUnknown: Bool

    /// Makes an error.
    public init(
        kind: Kind, sqlState: String = "", message: String, hint: String? = nil, constraint: String? = nil,
        isOutcomeUnknown: Bool = false
    ) {
        self.kind = kind
        self.sqlState = sqlState
        self.message = message
        self.hint = hint
        self.constraint = constraint
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    /// Whether the same statement may succeed when it is simply sent again.
    ///
    /// Serialization failure, deadlock, lock not available: the server rolled back, nothing happened.
    public var isRetriable: Bool {
        kind == .server && (sqlState == "40001" || sqlState == "40P01" || sqlState == "55P03")
    }

    /// Whether the prepared statement has to be prepared anew: it is gone, or its result type changed.
    var asksForPreparingAgain: Bool {
        kind == .server && (sqlState == "26000" || sqlState == "0A000")
    }

    /// The same failure, as seen by a statement that had been sent already.
    var withUnknownOutcome: PostgresError {
        PostgresError(
            kind: kind, sqlState: sqlState, message: message, hint: hint, constraint: constraint, isOutcomeUnknown: true
        )
    }

    static func decoding(_ message: String) -> PostgresError {
        PostgresError(kind: .decoding, message: message)
    }
}

extension PostgresError: CustomStringConvertible {
    /// One line for logs.
    public var description: String {
        var text = sqlState.isEmpty ? "\(kind): \(message)" : "\(kind) \(sqlState): \(message)"
        if let constraint { text += " (constraint \(constraint))" }
        return text
    }
}

extension PostgresError {
    /// Reads the failure out of a result, which stays the caller's.
    init(result: OpaquePointer) {
        let sqlState = unsafe Self.field(DiagnosticField.sqlState, of: result) ?? ""
        let severity = unsafe Self.field(DiagnosticField.severity, of: result) ?? ""
        // A FATAL or PANIC ends the session; so does an error that libpq made up itself, which has no SQLSTATE.
        let isSessionOver = severity == "FATAL" || severity == "PANIC" || sqlState.isEmpty
        var message = unsafe Self.field(DiagnosticField.primaryMessage, of: result) ?? ""
        if message.isEmpty { message = unsafe Self.oneLine(PQresultErrorMessage(result)) }
        // Data exceptions quote the input they could not take.
        if sqlState.hasPrefix("22"), let quote = message.firstIndex(of: "\"") {
            message = String(message[..<quote]) + "…"
        }
        self.init(
            kind: isSessionOver ? .connection : .server, sqlState: sqlState, message: message,
            hint: unsafe Self.field(DiagnosticField.hint, of: result),
            constraint: unsafe Self.field(DiagnosticField.constraintName, of: result),
            isOutcomeUnknown: isSessionOver)
    }

    /// The last failure of a connection.
    init(connection: OpaquePointer, isOutcomeUnknown: Bool = false) {
        let message = unsafe Self.oneLine(PQerrorMessage(connection))
        self.init(
            kind: .connection, message: message.isEmpty ? "the connection is lost" : message,
            isOutcomeUnknown: isOutcomeUnknown)
    }

    static func field(_ code: Int32, of result: OpaquePointer) -> String? {
        guard let text = unsafe PQresultErrorField(result, code) else { return nil }
        return unsafe String(cString: text)
    }

    /// Makes one line of libpq's texts, which end in, and may contain, line breaks.
    static func oneLine(_ text: UnsafePointer<CChar>?) -> String {
        guard let text = unsafe text else { return "" }
        return unsafe String(cString: text).split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}

/// The field codes of `postgres_ext.h`, which are character literals there.
enum DiagnosticField {
    static let severity = Int32(UInt8(ascii: "V"))
    static let sqlState = Int32(UInt8(ascii: "C"))
    static let primaryMessage = Int32(UInt8(ascii: "M"))
    static let hint = Int32(UInt8(ascii: "H"))
    static let constraintName = Int32(UInt8(ascii: "n"))
}
