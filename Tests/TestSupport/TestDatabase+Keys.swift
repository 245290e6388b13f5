import EventCoding
import PostgresLedger

extension TestDatabase {
    /// The text form of its master key.
    public var masterKeyText: String { keys.master.text }

    /// The bytes of its keyring file.
    public var keyringFile: [UInt8] { keys.keyring.fileBytes }

    /// The name its log was opened with.
    public static var origin: String { "test.example.org/log" }
}
