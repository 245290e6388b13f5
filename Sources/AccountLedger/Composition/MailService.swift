import Accounts
import EventCoding
import Logging
import MailTransport
import MeldDoor
import MisakeyDoor
import Outbox
import PostgresClient
import ServiceLifecycle

/// The outbox of a process: to the mail server that is configured, else into files where there is a place for them.
struct MailService: Service {
    /// What it is made of beside the configuration.
    struct Parts: Sendable {
        /// The database, as a member of `ledger_projector`.
        let databaseURL: String
        let keyring: LoadedKeyring
        /// The log's name.
        let origin: String
    }

    private let outbox: Outbox

    /// The outbox; nil without a mail server and without a folder: what is due waits for a process that has one.
    init?(_ configuration: LedgerConfiguration, _ parts: Parts, folder: String?, logger: Logger) {
        let carrier: (any MailCarrier)? =
            if let server = configuration.mailServer { SMTPCarrier(server) } else {
                folder.map { MailFolder(path: $0) }
            }
        guard let carrier else {
            logger.notice("no mail is sent by this process: LEDGER_SMTP_URL is not set")
            return nil
        }
        outbox = Outbox(
            configuration: PostgresConfiguration(url: parts.databaseURL, applicationName: "account-ledger outbox"),
            composers: Self.composers(configuration), carrier: carrier, sender: configuration.mailSender,
            origin: parts.origin, keyring: parts.keyring, logger: logger)
    }

    /// Who writes the mails of this program; the composer of another door is added here.
    private static func composers(_ configuration: LedgerConfiguration) -> [any MailComposer] {
        [RecoveryMails(publicURL: configuration.publicURL.description), ActivationMail(), LoginCodeMail()]
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await outbox.run() }
    }
}
