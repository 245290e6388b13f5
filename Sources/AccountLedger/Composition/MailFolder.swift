import EmbeddedPostgres
import Glibc
import MailTransport

/// Mails as files, for whoever tries the service without a mail server: `<Message-ID>.eml`, readable by their owner.
struct MailFolder: MailCarrier {
    let path: String

    /// Writes the file, whole or not at all; a mail that comes again takes its own place.
    func deliver(_ message: MailMessage, while isWanted: @escaping () -> Bool) throws(MailFailure) {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw MailFailure(.unreachable, reason: "cannot make \(path): \(String(cString: strerror(errno)))")
        }
        let name = message.messageID.prefix { $0 != "@" }
        do {
            try DurableFile.write(path: "\(path)/\(name).eml", bytes: message.bytes, mode: 0o600)
        } catch {
            throw MailFailure(.unreachable, reason: "\(error)")
        }
    }
}
