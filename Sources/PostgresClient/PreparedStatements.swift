internal import CPostgres
internal import Glibc

/// A statement as one connection knows it.
@safe
final class PreparedStatement {
    let statement: PostgresStatement
    /// Owned: freed in `deinit`.
    let name: UnsafeMutablePointer<CChar>
    /// Why the server refused to prepare it; statements sent behind it only hear that it does not exist.
    var failure: PostgresError?

    init?(statement: PostgresStatement, number: Int) {
        guard let name = unsafe strdup("s\(number)") else { return nil }
        self.statement = statement
        unsafe self.name = name
    }

    deinit {
        unsafe free(name)
    }
}

/// What a connection has prepared, and the arrays libpq wants parameters in.
@safe
final class PreparedStatements {
    private var known: [PostgresStatement: PreparedStatement] = [:]
    /// Each preparing takes a new name, so that one made anew never collides with what the server may still have.
    private var lastNumber = 0

    private var values: UnsafeMutablePointer<UnsafePointer<CChar>?>
    private var lengths: UnsafeMutablePointer<Int32>
    private var formats: UnsafeMutablePointer<Int32>
    private var capacity: Int

    init() {
        capacity = 32
        unsafe values = .allocate(capacity: capacity)
        unsafe lengths = .allocate(capacity: capacity)
        unsafe formats = .allocate(capacity: capacity)
        unsafe formats.initialize(repeating: 1, count: capacity)
    }

    deinit {
        unsafe values.deallocate()
        unsafe lengths.deallocate()
        unsafe formats.deallocate()
    }

    subscript(statement: PostgresStatement) -> PreparedStatement? { known[statement] }

    /// Sends the preparing of a statement and takes it as done; nil when it could not be sent.
    func sendPreparing(_ statement: PostgresStatement, on handle: OpaquePointer) -> PreparedStatement? {
        lastNumber += 1
        guard let prepared = PreparedStatement(statement: statement, number: lastNumber) else { return nil }
        let types = statement.parameterTypes.map(\.oid)
        let isSent = unsafe types.withUnsafeBufferPointer { types in
            unsafe PQsendPrepare(handle, prepared.name, statement.sql, Int32(types.count), types.baseAddress)
        }
        guard isSent == 1 else { return nil }
        known[statement] = prepared
        return prepared
    }

    /// Forgets a preparing that failed or is of no use any more, unless a newer one took its place.
    func forget(_ prepared: PreparedStatement) {
        if known[prepared.statement] === prepared { known[prepared.statement] = nil }
    }

    /// Sends the execution of a prepared statement with results in binary form; false when it could not be sent.
    func send(_ prepared: PreparedStatement, _ parameters: PostgresParameters, on handle: OpaquePointer) -> Bool {
        unsafe parameters.withFields { bytes, fields in
            reserve(fields.count)
            // A value of no bytes still needs an address: libpq takes none for NULL.
            var position = unsafe bytes.assumingMemoryBound(to: CChar.self)
            for index in 0..<fields.count {
                let length = unsafe fields[index].length
                unsafe values[index] = length < 0 ? nil : position
                unsafe lengths[index] = max(length, 0)
                unsafe position += Int(max(length, 0))
            }
            return unsafe PQsendQueryPrepared(
                handle, prepared.name, Int32(fields.count), values, lengths, formats, 1) == 1
        }
    }

    /// What is wrong with the parameters for this statement, nil when they fit.
    static func mismatch(_ statement: PostgresStatement, _ parameters: PostgresParameters) -> PostgresError? {
        unsafe parameters.withFields { _, fields in
            let types = statement.parameterTypes
            guard fields.count == types.count else {
                return .decoding("\(fields.count) parameters for a statement of \(types.count)")
            }
            for index in 0..<fields.count where unsafe fields[index].type != types[index].oid {
                return .decoding(
                    "parameter \(index + 1) has type \(unsafe fields[index].type), not \(types[index].oid)")
            }
            return nil
        }
    }

    private func reserve(_ count: Int) {
        guard count > capacity else { return }
        unsafe values.deallocate()
        unsafe lengths.deallocate()
        unsafe formats.deallocate()
        capacity = count * 2
        unsafe values = .allocate(capacity: capacity)
        unsafe lengths = .allocate(capacity: capacity)
        unsafe formats = .allocate(capacity: capacity)
        unsafe formats.initialize(repeating: 1, count: capacity)
    }
}
