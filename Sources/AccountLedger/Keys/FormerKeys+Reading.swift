import Transparency

extension FormerKeys {
    /// Reads keys between blanks, commas or line ends: signing keys as ``LogSigningKey`` has them, or the verifier keys
    /// of those that sign no more.
    ///
    /// Their names become the log's.
    /// - Returns: nil when one of them is neither, or belongs to a log with another name.
    static func read(_ text: String, origin: String) -> FormerKeys? {
        var (signing, ended): ([SigningKey], [VerifierKey]) = ([], [])
        for word in words(text) {
            if let key = LogSigningKey.read(word, origin: origin) {
                signing.append(key)
            } else if let key = try? VerifierKey(word), key.name == origin || origin.hasPrefix(key.name + "/"),
                let named = key.named(origin)
            {
                ended.append(named)
            } else {
                return nil
            }
        }
        return FormerKeys(signing: signing, ended: ended)
    }

    /// The configured ones; none when none are.
    ///
    /// - Throws: ``ConfigurationFailure`` when one is of another log.
    static func configured(_ configuration: LedgerConfiguration, origin: String) throws(ConfigurationFailure)
        -> FormerKeys
    {
        guard let text = configuration.value("LEDGER_FORMER_SIGNING_KEYS") else { return FormerKeys() }
        guard let keys = read(text, origin: origin) else {
            throw LedgerSecrets.failure("LEDGER_FORMER_SIGNING_KEYS", "holds a key of another log than \(origin)")
        }
        return keys
    }

    static func words(_ text: String) -> [String] {
        text.split { $0 == "," || $0.isWhitespace }.map(String.init)
    }
}
