import EventCoding
import PostgresClient
import PostgresLedger

/// What the commands on epoch keys have at hand: the owner's session, the keyring's file, the master key.
struct KeyTool {
    let connection: PostgresConnection
    let file: KeyringFile
    let epochs = KeyEpochs()
    private let master: MasterKey

    /// Opens the database and the keys, and compares them before anything is changed.
    ///
    /// - Parameters:
    ///   - configuration: where they are.
    ///   - command: who asks, for messages.
    ///   - isAlone: whether no other rotation may go on meanwhile.
    /// - Throws: `CommandFailure` with code 78 when keyring and database do not belong together, 75 when another
    ///   rotation goes on.
    init(_ configuration: LedgerConfiguration, for command: String, isAlone: Bool) throws {
        connection = try OperatorDatabase.connect(configuration, for: command)
        let secrets: LedgerSecrets
        if OperatorDatabase.isBesideUp(configuration), !configuration.isSet("LEDGER_KEYRING_FILE") {
            let files = KeyFiles(home: configuration.home)
            let origin = try LogOpening.origin(on: connection) ?? configuration.domain
            secrets = try files.prepare(hasLog: true, domain: configuration.domain, origin: origin).secrets
        } else {
            secrets = try LedgerSecrets(configuration, for: command)
        }
        file = KeyringFile(secrets.keyringFile)
        master = secrets.master
        if isAlone, try !epochs.lockRotation(on: connection) {
            throw CommandFailure(.temporary, "another rotation or retirement of keys goes on")
        }
    }

    /// The keyring, read now and compared with the database.
    ///
    /// With `mayBeAhead` the file may hold epochs that the database does not know yet.
    func keyring(mayBeAhead: Bool) throws -> Keyring {
        let keyring = try file.read()
        _ = try LogOpening(keys: LedgerKeys(keyring: keyring, master: master)).check(
            origin: nil, mayBeAhead: mayBeAhead, on: connection)
        return keyring
    }
}
