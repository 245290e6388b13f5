/// A checkpoint that was given up: the log was set back behind it, and goes on as another history.
public struct AbandonedCheckpoint: Sendable, Equatable {
    /// How many events the tree had.
    public let size: Int64
    /// The root of the tree.
    public let root: Digest

    /// A checkpoint that was given up.
    public init(size: Int64, root: Digest) {
        self.size = size
        self.root = root
    }
}

/// What happened to the deployment as a whole, by its operator's hand.
///
/// Each happening has a stream of its own, for none depends on another.
public struct Deployment: Sendable, Equatable {
    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A rollback was accepted: from here on the log is another history, under its `number`th name.
        case originOpened(number: Int, abandoned: AbandonedCheckpoint)
    }

    /// The number of the log's name; 1 before any rollback was accepted.
    public private(set) var originNumber = 1
    /// What was given up for it.
    public private(set) var abandoned: AbandonedCheckpoint?

    /// A deployment to which nothing happened.
    public static let missing = Deployment()

    private init() {}

    /// Takes what happened.
    public mutating func apply(_ event: Event) {
        switch event {
        case .originOpened(let number, let abandoned):
            originNumber = number
            self.abandoned = abandoned
        }
    }
}
