import ArgumentParser
import EmbeddedPostgres
import EventCoding
import Glibc

/// `keys export`: everything that opens the log, in one file under a passphrase.
struct KeysExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write all keys to a file that a passphrase opens.",
        discussion: """
            Takes the keyring, the master key, the key that signs checkpoints and root's key: those of the \
            configuration (LEDGER_KEYRING_FILE, LEDGER_MASTER_KEY, LEDGER_SIGNING_KEY and those before it, \
            LEDGER_ROOT_KEY), or those of \
            LEDGER_HOME/keys. The passphrase stands in LEDGER_KEYS_PASSPHRASE or its _FILE, or is asked for; it is \
            never an argument. `restore --keys` opens the file. Export the keys again after each `keys rotate`.
            """)

    @Option(name: .customLong("to"), help: ArgumentHelp("The file to write; it must not exist.", valueName: "file"))
    var target: String

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.load()
        let keys = try KeySource.find(configuration)
        let file = try SealedKeys.seal(keys, passphrase: try Passphrase.find(configuration, isNew: true))
        do throws(DurableFileError) {
            try DurableFile.write(path: target, bytes: file, mode: 0o600, existing: .keep)
        } catch { throw CommandFailure(.failure, error.description) }
        let names =
            ["keyring", "master key"] + (keys.signing == nil ? [] : ["signing key"])
            + (keys.former == nil ? [] : ["former signing keys"]) + (keys.root == nil ? [] : ["root's key"])
        Output.writeToStandardError("wrote \(names.joined(separator: ", ")) to \(target)\n")
    }
}

/// Where the keys of a deployment lie.
enum KeySource {
    /// Reads them, and makes sure that they are keys.
    static func find(_ configuration: LedgerConfiguration) throws -> KeySet {
        if configuration.isSet("LEDGER_KEYRING_FILE") || configuration.isSet("LEDGER_MASTER_KEY") {
            let secrets = try LedgerSecrets(configuration, for: "keys export")
            return KeySet(
                keyring: secrets.keyring.fileBytes, master: secrets.master.text,
                signing: configuration.value("LEDGER_SIGNING_KEY"),
                former: configuration.value("LEDGER_FORMER_SIGNING_KEYS"), root: configuration.value("LEDGER_ROOT_KEY"))
        }
        let files = KeyFiles(home: configuration.home)
        let keyring = try LedgerSecrets.keyring(files.keyring, key: "LEDGER_HOME")
        let former = try files.formerText()
        do throws(FileFailure) {
            let master = try SmallFile.line(files.master)
            guard (try? MasterKey(text: master)) != nil else {
                throw FileFailure(path: files.master, reason: "it holds no key")
            }
            let (signing, root) = (try line(files.signing), try line(files.root))
            return KeySet(
                keyring: keyring.fileBytes, master: master, signing: signing, former: former, root: root)
        } catch { throw CommandFailure(.configuration, error.description) }
    }

    private static func line(_ path: String) throws(FileFailure) -> String? {
        access(path, F_OK) == 0 ? try SmallFile.line(path) : nil
    }
}
