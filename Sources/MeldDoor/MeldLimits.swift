import DoorKit

extension AttemptLimit {
    /// Activations of one account and address, whoever asks: with five guesses each, a thousand guesses in a day.
    static let activation = AttemptLimit("mld-activation", attempts: 5, refillSeconds: 300)
    /// Credentials that were refused, by client.
    static let meldCredential = AttemptLimit("mld-credential", attempts: 60, refillSeconds: 1)
    /// Domains under drawn names, by client.
    static let drawnDomain = AttemptLimit("mld-domain", attempts: 20, refillSeconds: 30)
    /// Domains under drawn names below one account.
    static let drawnDomainOfAccount = AttemptLimit("mld-domain-account", attempts: 60, refillSeconds: 10)
    /// Domains under drawn names in the whole deployment.
    static let drawnDomainInAll = AttemptLimit("mld-domain-all", attempts: 1000, refillSeconds: 1)
}
