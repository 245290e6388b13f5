/// A numbered step of the database schema.
///
/// Once released its text never changes: the migrator stores a checksum of it, and refuses a database whose
/// past differs from what this binary would have done.
public struct Migration: Sendable {
    /// The place in the order, counted from 1 without gap.
    public let number: Int

    /// What the step makes, in one word: the file's name without number and ending.
    public let name: String

    /// The file, byte for byte, as the checksum covers it.
    public let bytes: [UInt8]

    /// The statements, to be run as one script inside one transaction, together with the step's record.
    public var sql: String { String(decoding: bytes, as: UTF8.self) }
}
