public import AccountDomain
public import Accounts
import EventCoding

/// The mail with the code of an activation.
///
/// It says nothing of the account or the gateway, so that the code is the only run of digits in it.
public struct ActivationMail: MailComposer {
    /// What the outbox calls it.
    public var kind: String { "mld.activation" }
    /// The event that asks for it.
    public var eventTypes: Set<String> { ["activation.requested.v1"] }

    /// The composer.
    public init() {}

    /// The mail to the address that the activation was asked for; nil once the code has expired.
    public func mail(for cause: MailCause, now: Moment) -> Mail? {
        guard case .activation(.requested(let request)) = cause.recorded.event, now < request.expiresAt else {
            return nil
        }
        let code = ActivationCode.derive(cause.key, cause.recorded.command)
        return Mail(
            recipient: request.email, subject: "Your activation code",
            text: """
                Your activation code is

                    \(code)

                It is valid for 10 minutes, and once. Give it to nobody.
                If you did not ask for it, do nothing: without it nothing happens.

                """)
    }
}
