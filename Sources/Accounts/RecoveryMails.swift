public import AccountDomain

/// Writes the mails that `/v1/recovery` asks for.
public struct RecoveryMails: MailComposer {
    private let publicURL: String

    /// What the outbox calls them.
    public let kind = "recovery"
    /// What asks for them.
    public let eventTypes: Set<String> = ["recovery.requested.v1"]

    /// Mails that name the service by its public address.
    public init(publicURL: String) { self.publicURL = publicURL }

    /// The mail with the token; nil once it has ended.
    public func mail(for cause: MailCause, now: Moment) -> Mail? {
        guard case .account(.recovery(.requested(let request))) = cause.recorded.event, now < request.expiresAt else {
            return nil
        }
        let token = RecoveryToken(
            account: cause.recorded.stream, key: cause.key, command: cause.recorded.command, ordinal: request.ordinal)
        return Mail(
            recipient: request.email, subject: "Set a new password",
            text: """
                Somebody, most likely you, asked to set a new password for your account.

                The token for it is

                \(token.text)

                It can be used once, until \(request.expiresAt.description.prefix(16)) UTC, here:
                \(publicURL)/v1/recovery/redeem

                If you did not ask for it, do nothing: your password stays as it is.

                """)
    }
}
