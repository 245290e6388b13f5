/// Takes mails to where they are read or passed on.
public protocol MailCarrier: Sendable {
    /// Delivers a message; blocks until it was taken over, so it is called on a thread of the caller's.
    ///
    /// - Parameters:
    ///   - message: What to deliver.
    ///   - isWanted: Asked now and then on the same thread; false ends the attempt.
    /// - Throws: ``MailFailure``; a message that was refused was not delivered, one that failed otherwise may have been.
    func deliver(_ message: MailMessage, while isWanted: @escaping () -> Bool) throws(MailFailure)
}

/// Why a message was not delivered; never with an address or with what the server wrote.
public struct MailFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What to do about it.
    public enum Kind: Sendable, Equatable {
        /// The server refuses this message for good (a reply of 5xx): trying again is of no use.
        case permanent
        /// The server cannot take it now (a reply of 4xx).
        case temporary
        /// The server was not reached or not trusted, or it fell silent, or refused the log-in.
        case unreachable
    }

    /// What to do about it.
    public let kind: Kind
    /// The server's last reply (RFC 5321, section 4.2), 0 without one.
    public let reply: Int
    /// What failed, in words of ours or of the library.
    public let reason: String

    /// A failure.
    public init(_ kind: Kind, reply: Int = 0, reason: String) {
        self.kind = kind
        self.reply = reply
        self.reason = reason
    }

    /// One line for the log.
    public var description: String { reply > 0 ? "\(reason) (reply \(reply))" : reason }
}
