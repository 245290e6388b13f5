internal import CPostgres

/// Collects the SQLSTATE of each warning a server sends, in place of libpq's printing them.
final class NoticeLog {
    /// Enough to see what happened; a statement that warns without end must not fill memory.
    private static let limit = 64

    private(set) var warnings: [String] = []

    /// Makes this the notice receiver of a connection, which it has to outlive.
    func attach(to handle: OpaquePointer) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe PQsetNoticeReceiver(
            handle,
            { context, result in
                guard let context = unsafe context, let result = unsafe result else { return }
                unsafe Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue().note(result)
            }, context)
    }

    func clear() {
        if !warnings.isEmpty { warnings.removeAll() }
    }

    private func note(_ result: OpaquePointer) {
        guard warnings.count < Self.limit,
            unsafe PostgresError.field(DiagnosticField.severity, of: result) == "WARNING",
            let sqlState = unsafe PostgresError.field(DiagnosticField.sqlState, of: result)
        else { return }
        warnings.append(sqlState)
    }
}
