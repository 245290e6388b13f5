public import AccountDomain
public import Accounts

/// The mail with the code to log in with.
///
/// The code is derived again when the mail is sent, so it stands neither in the log nor in the outbox.
public struct LoginCodeMail: MailComposer {
    /// Composes such mails.
    public init() {}

    /// What the outbox calls the kind.
    public var kind: String { LoginCodeText.kind }

    /// A code was issued.
    public var eventTypes: Set<String> { ["identity.code_issued.v1"] }

    /// The mail of a code that has not expired.
    public func mail(for cause: MailCause, now: Moment) -> Mail? {
        guard case .identity(.codeIssued(let code)) = cause.recorded.event, now < code.expiresAt else { return nil }
        let text = LoginCodeText.text(cause.key, command: cause.recorded.command, ordinal: code.ordinal)
        return Mail(
            recipient: EmailAddress(stored: code.recipient.text), subject: "Your code to log in",
            text: """
                Your code to log in is

                    \(text)

                It is good for ten minutes, and for one log-in.
                If you did not ask for it, somebody typed your address by mistake:
                there is nothing you need do.

                """)
    }
}
