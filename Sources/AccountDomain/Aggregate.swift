/// What happened in a stream, whatever it is a stream of.
public enum DomainEvent: Sendable, Equatable {
    /// To an account.
    case account(AccountEvent)
    /// To an identity.
    case identity(Identity.Event)
    /// To a Space.
    case space(Space.Event)
    /// To the deployment as a whole.
    case deployment(Deployment.Event)
    /// To an activation.
    case activation(Activation.Event)
}

/// The state of a stream, whatever it is a stream of.
public indirect enum Aggregate: Sendable, Equatable {
    /// Nothing happened yet.
    case empty
    /// An account.
    case account(Account)
    /// An identity.
    case identity(Identity)
    /// A Space.
    case space(Space)
    /// The deployment as a whole.
    case deployment(Deployment)
    /// An activation.
    case activation(Activation)

    /// Takes what happened; the first event says what the stream is.
    ///
    /// A stream holds events of one kind only, for decisions are made by its aggregate. One of another kind would have
    /// been written by nobody; it changes nothing.
    ///
    /// - Returns: false when the event is of another kind than the stream, which is a defect of whoever wrote it.
    @discardableResult
    public mutating func apply(_ event: DomainEvent) -> Bool {
        switch event {
        case .account(let event):
            guard var account = takeAccount() else { return false }
            account.apply(event)
            self = .account(account)
        case .identity(let event):
            guard var identity = takeIdentity() else { return false }
            identity.apply(event)
            self = .identity(identity)
        case .space(let event):
            guard var space = takeSpace() else { return false }
            space.apply(event)
            self = .space(space)
        case .deployment(let event):
            guard var deployment = takeDeployment() else { return false }
            deployment.apply(event)
            self = .deployment(deployment)
        case .activation(let event):
            guard var activation = takeActivation() else { return false }
            activation.apply(event)
            self = .activation(activation)
        }
        return true
    }

    // Each take leaves `empty` behind, so that the state has one owner while it changes and its arrays are not copied:
    // a copy an event would make folding a long stream quadratic.

    private mutating func takeAccount() -> Account? {
        switch self {
        case .empty: return .missing
        case .account(let account):
            self = .empty
            return account
        case .identity, .space, .deployment, .activation: return nil
        }
    }

    private mutating func takeIdentity() -> Identity? {
        switch self {
        case .empty: return .missing
        case .identity(let identity):
            self = .empty
            return identity
        case .account, .space, .deployment, .activation: return nil
        }
    }

    private mutating func takeSpace() -> Space? {
        switch self {
        case .empty: return .missing
        case .space(let space):
            self = .empty
            return space
        case .account, .identity, .deployment, .activation: return nil
        }
    }

    private mutating func takeDeployment() -> Deployment? {
        switch self {
        case .empty: return .missing
        case .deployment(let deployment):
            self = .empty
            return deployment
        case .account, .identity, .space, .activation: return nil
        }
    }

    private mutating func takeActivation() -> Activation? {
        switch self {
        case .empty: return .missing
        case .activation(let activation):
            self = .empty
            return activation
        case .account, .identity, .space, .deployment: return nil
        }
    }

    /// Whether the person or thing behind it was forgotten.
    public var isErased: Bool {
        switch self {
        case .empty, .deployment: false
        case .account(let account): account.lifecycle.isErased
        case .identity(let identity): identity.isEnded
        case .space(let space): space.isEnded
        case .activation(let activation): activation.isEnded
        }
    }
}
