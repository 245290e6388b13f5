import AccountDomain
import AccountSecurity
import Accounts
import EventCoding
import FoundationEssentials
import Logging
import PostgresClient
import PostgresLedger
import PostgresReadModels
import PostgresTransparency
import Transparency

/// The log and the use cases, put together as the gateway does it.
struct Ledger: Sendable {
    /// What is missing to begin.
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    let log: PostgresLog
    let service: AccountService
    /// Seals beside the appends; nil when that is not measured.
    let sealer: Sealer?
    let lag: SealingLag

    /// Opens the log that the environment names, with a sealer beside it or without.
    static func open(seals: Bool) throws -> Ledger {
        let url = try variable("LEDGER_DATABASE_URL")
        let masterText = String(decoding: try content(of: "LEDGER_MASTER_KEY_FILE"), as: UTF8.self)
        let master = try MasterKey(text: masterText.filter { !$0.isWhitespace })
        let keyring = try Keyring(file: content(of: "LEDGER_KEYRING_FILE"))
        let session = PostgresConfiguration(url: url, applicationName: "appender benchmark")
        let lag = SealingLag()
        let appended = AppendedLeaves()
        var sealer: Sealer?
        if seals, let key = SigningKey.make(name: "bench") {
            var sealing = SealerConfiguration(session: session, origin: "bench", key: key)
            sealing.appended = appended
            sealing.keep = { lag.sealed(to: $0.size) }
            sealer = Sealer(sealing, logger: Logger(label: "sealer"))
        }
        let log = PostgresLog(
            configuration: PostgresLog.Configuration(), keys: LedgerKeys(keyring: keyring, master: master),
            keyring: LoadedKeyring(keyring), writer: PostgresPipeline(session, name: "appender"),
            reader: PostgresPipeline(session, name: "reader"),
            logger: Logger(label: "appender benchmark") { _ in SwiftLogNoOpLogHandler() },
            appended: seals ? appended : nil,
            onGrowth: { [sealer] head in
                guard let sealer else { return }
                lag.grew(to: head)
                sealer.wake()
            })
        let work = SlowWork()
        let service = AccountService(
            log: log, reads: PostgresReadModels(log: log), passwords: Argon2PasswordHasher(work: work),
            keyPairs: RSAKeyPairMaker(work: work, stock: RSAKeyStock(work: work)),
            settings: AccountSettings(applicationID: "bench"), derivedStream: { master.createdStream(by: $0) })
        return Ledger(log: log, service: service, sealer: sealer, lag: lag)
    }

    /// The context of one more request by root.
    func context() -> CommandContext {
        var generator = SystemRandomNumberGenerator()
        return CommandContext(caller: .root, door: .native, request: RequestID.random(using: &generator))
    }

    private static func variable(_ name: String) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
            throw Missing(description: "\(name) is not set")
        }
        return value
    }

    private static func content(of name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: try variable(name))))
    }
}
