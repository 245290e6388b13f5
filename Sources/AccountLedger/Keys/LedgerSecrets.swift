import EventCoding
import PostgresLedger
import StrictJSON

/// What a role of the service must know that nobody else may.
struct LedgerSecrets: Sendable {
    let master: MasterKey
    let keyring: Keyring
    /// The file that the keyring is read from again when an unknown epoch turns up.
    let keyringFile: String

    var keys: LedgerKeys { LedgerKeys(keyring: keyring, master: master) }

    /// The keyring in use, which knows how to read its file again.
    func loadedKeyring() -> LoadedKeyring {
        let file = keyringFile
        return LoadedKeyring(keyring) { (try? SmallFile.read(file)).flatMap { try? Keyring(file: $0) } }
    }

    /// Takes the secrets from the configuration.
    ///
    /// - Throws: ``ConfigurationFailure`` naming what is missing or cannot be read.
    init(_ configuration: LedgerConfiguration, for command: String) throws(ConfigurationFailure) {
        let text = try configuration.required("LEDGER_MASTER_KEY", for: command)
        keyringFile = try configuration.required("LEDGER_KEYRING_FILE", for: command)
        do throws(EventCodingError) { master = try MasterKey(text: text) } catch {
            throw Self.failure("LEDGER_MASTER_KEY", "is not the base64 of 32 bytes")
        }
        keyring = try Self.keyring(keyringFile, key: "LEDGER_KEYRING_FILE")
    }

    init(master: MasterKey, keyring: Keyring, keyringFile: String) {
        self.master = master
        self.keyring = keyring
        self.keyringFile = keyringFile
    }

    static func keyring(_ path: String, key: String) throws(ConfigurationFailure) -> Keyring {
        let bytes: [UInt8]
        do throws(FileFailure) { bytes = try SmallFile.read(path) } catch { throw failure(key, error.description) }
        do throws(EventCodingError) { return try Keyring(file: bytes) } catch {
            throw failure(key, "\(path) is not a keyring file")
        }
    }

    static func failure(_ key: String, _ reason: String) -> ConfigurationFailure {
        ConfigurationFailure(problems: [.init(key: key, source: "keys", reason: reason)])
    }
}
