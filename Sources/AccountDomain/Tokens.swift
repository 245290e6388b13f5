/// Access tokens that were ended before their time.
///
/// Tokens themselves are stored nowhere.
public struct Tokens: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Ends a token.
        case revoke(TokenID, expiresAt: Moment)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A token was ended.
        case revoked(TokenID, expiresAt: Moment)
    }

    /// There is nothing to refuse.
    public enum Refusal: Error, Sendable, Equatable {}

    private var revoked: Set<TokenID> = []

    init() {}

    /// Whether a token was ended.
    public func isRevoked(_ token: TokenID) -> Bool { revoked.contains(token) }

    func decide(_ command: Command) -> [Event] {
        switch command {
        case .revoke(let token, let expiresAt): isRevoked(token) ? [] : [.revoked(token, expiresAt: expiresAt)]
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .revoked(let token, _): revoked.insert(token)
        }
    }
}
