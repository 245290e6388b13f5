import AccountDomain
import PostgresClient
import Transparency

/// Reads rows of the log in order, checks what can be told from them, and makes their leaf hashes.
///
/// The leaf is put together in one buffer from the bytes as they came, so that an event costs five runs of SHA-256 and
/// next to nothing besides.
struct RowReader {
    /// The last position read.
    private(set) var position: Int64
    /// The time of the last row, in microseconds since 1970.
    private(set) var recordedAt: Int64
    /// What is known of the streams' versions.
    var versions: VersionBook
    /// The leaf hashes of the rows read.
    private(set) var leaves: [TreeHash] = []
    private var buffer = [UInt8](repeating: 0, count: 224)

    /// Longest name of a type; the table holds it to this.
    private static let longestType = 64

    /// A reader that goes on behind a row.
    init(after position: Int64, recordedAt: Int64, versions: VersionBook) {
        self.position = position
        self.recordedAt = recordedAt
        self.versions = versions
    }

    /// Reads a row as `copy_rows.sql` gives it.
    ///
    /// - Parameters:
    ///   - row: The row.
    ///   - isSealed: Whether the row was sealed before, so that its version was judged then.
    /// - Throws: ``SealingFault``, `PostgresError`.
    mutating func read(_ row: inout PostgresCopyReader, isSealed: Bool = false) throws {
        let position = try row.int64()
        guard position == self.position + 1 else {
            throw SealingFault(
                .gap, at: self.position + 1, "position \(self.position + 1) is missing: \(position) comes next")
        }
        let recordedAt = try row.timestampMicroseconds()
        guard recordedAt >= self.recordedAt else {
            throw SealingFault(
                .timeFalls, at: position, "the time of position \(position) lies before the one in front")
        }
        let stream = try row.uuid()
        let command = try row.uuid()
        let version = try row.int32()
        if !isSealed {
            versions.note(StreamID(high: stream.high, low: stream.low), version, at: position)
        }
        let leaf = try buffer.withUnsafeMutableBytes { buffer in
            // The zero byte that RFC 6962 puts before a leaf, and the leaf's own layout number.
            buffer[0] = 0
            buffer[1] = 1
            buffer.storeBytes(of: position.bigEndian, toByteOffset: 2, as: Int64.self)
            buffer.storeBytes(of: recordedAt.bigEndian, toByteOffset: 10, as: Int64.self)
            buffer.storeBytes(of: stream.high.bigEndian, toByteOffset: 18, as: UInt64.self)
            buffer.storeBytes(of: stream.low.bigEndian, toByteOffset: 26, as: UInt64.self)
            buffer.storeBytes(of: command.high.bigEndian, toByteOffset: 34, as: UInt64.self)
            buffer.storeBytes(of: command.low.bigEndian, toByteOffset: 42, as: UInt64.self)
            buffer.storeBytes(of: version.bigEndian, toByteOffset: 50, as: Int32.self)
            var end = 56
            try row.withBytes { name in
                guard name.count <= Self.longestType, recordedAt != .max else {
                    throw SealingFault(.malformed, at: position, "position \(position) has no leaf")
                }
                buffer.storeBytes(of: UInt16(name.count).bigEndian, toByteOffset: 54, as: UInt16.self)
                UnsafeMutableRawBufferPointer(rebasing: buffer[56...]).copyMemory(from: name)
                end += name.count
            }
            for _ in 0..<2 {
                // meta, then data
                try row.withBytes { TreeHash.sha256($0).store(into: buffer, at: end) }
                end += TreeHash.byteCount
            }
            var secret: TreeHash?
            if row.isNextNull() { try row.skip() } else { secret = try row.withBytes { TreeHash.sha256($0) } }
            if row.isNextNull() {
                try row.skip()
                guard secret == nil else { throw Self.wrongSecret(position) }
                buffer[end] = 0
                end += 1
            } else {
                buffer[end] = 1
                try row.withBytes { stored in
                    guard stored.count == TreeHash.byteCount else { throw Self.wrongSecret(position) }
                    let stored = TreeHash(copying: stored, at: 0)
                    guard secret == nil || secret == stored else { throw Self.wrongSecret(position) }
                    stored.store(into: buffer, at: end + 1)
                }
                end += 1 + TreeHash.byteCount
            }
            return TreeHash.sha256(UnsafeRawBufferPointer(rebasing: buffer[..<end]))
        }
        leaves.append(leaf)
        self.position = position
        self.recordedAt = recordedAt
    }

    private static func wrongSecret(_ position: Int64) -> SealingFault {
        SealingFault(.secretHash, at: position, "the box of position \(position) has another hash than is stored of it")
    }
}
