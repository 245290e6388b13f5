public import AccountDomain
public import EventCoding

/// A mail as it leaves: one recipient, plain text.
public struct Mail: Sendable, Equatable {
    /// To whom; parsed, so that it can stand in a header.
    public let recipient: EmailAddress
    /// One line; characters beyond ASCII are encoded by whoever sends.
    public let subject: String
    /// Lines end with a line feed.
    public let text: String

    /// A mail.
    public init(recipient: EmailAddress, subject: String, text: String) {
        self.recipient = recipient
        self.subject = subject
        self.text = text
    }
}

/// An event that asks for a mail, opened by the sender, with the key that its one-time secrets are derived from.
public struct MailCause: Sendable {
    /// The event at its place; `recorded.command` is the salt of its secrets.
    public let recorded: RecordedEvent
    /// The data key of its stream.
    public let key: StreamKey

    /// An event that asks for a mail.
    public init(recorded: RecordedEvent, key: StreamKey) {
        self.recorded = recorded
        self.key = key
    }
}

/// Composes the mails of one kind.
///
/// The outbox notes the positions of events that ask for one (docs/log.md); the sender opens the event and asks the
/// composer. So nothing of a mail is stored, and a secret in it is derived again at the moment of sending.
public protocol MailComposer: Sendable {
    /// What the outbox calls the kind; stored, never changed.
    var kind: String { get }

    /// Stored names of the events that may ask for such a mail.
    var eventTypes: Set<String> { get }

    /// The mail that an event asks for; nil when there is nothing to send (any more), as when its code has expired.
    func mail(for cause: MailCause, now: Moment) -> Mail?
}
