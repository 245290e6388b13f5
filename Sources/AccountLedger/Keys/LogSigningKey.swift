import StrictJSON
import Transparency

/// The key that signs the log's checkpoints, from the text it is kept as.
enum LogSigningKey {
    /// Reads the text form of signed notes, or the bare seed in base64; the key's name becomes the log's.
    ///
    /// - Returns: nil when the text is neither, or when it is the key of a log with another name. A log that was opened
    ///   anew keeps its key: its name goes on behind a slash.
    static func read(_ text: String, origin: String) -> SigningKey? {
        if let seed = Base64.decode(text) { return SigningKey(name: origin, seed: seed) }
        guard let key = try? SigningKey(text), key.name == origin || origin.hasPrefix(key.name + "/") else {
            return nil
        }
        return key.named(origin)
    }

    /// The configured key; nil when none is.
    ///
    /// - Throws: ``ConfigurationFailure`` when it is of another log.
    static func configured(_ configuration: LedgerConfiguration, origin: String) throws(ConfigurationFailure)
        -> SigningKey?
    {
        guard let text = configuration.value("LEDGER_SIGNING_KEY") else { return nil }
        guard let key = read(text, origin: origin) else {
            throw LedgerSecrets.failure("LEDGER_SIGNING_KEY", "is the key of another log than \(origin)")
        }
        return key
    }
}
