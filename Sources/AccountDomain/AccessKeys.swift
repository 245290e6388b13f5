/// A key as it was issued: its secret is kept only as a digest.
public struct IssuedKey: Sendable, Equatable {
    /// Its public half.
    public let id: KeyID
    /// What it serves.
    public let kind: KeyKind
    /// What its owner calls it.
    public let label: KeyLabel?
    /// SHA-256 of the secret.
    public let secretDigest: Digest
    /// SubjectPublicKeyInfo (DER) of its RSA pair.
    public let publicKey: [UInt8]?
    /// PKCS#8 (DER) of its RSA pair, encrypted under the secret.
    public let privateKeySealed: [UInt8]?

    /// A key.
    public init(
        id: KeyID, kind: KeyKind, label: KeyLabel?, secretDigest: Digest, publicKey: [UInt8]? = nil,
        privateKeySealed: [UInt8]? = nil
    ) {
        self.id = id
        self.kind = kind
        self.label = label
        self.secretDigest = secretDigest
        self.publicKey = publicKey
        self.privateKeySealed = privateKeySealed
    }
}

/// The keys by which programs act as the account.
public struct AccessKeys: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Issues a key.
        case issue(IssuedKey)
        /// Ends a key.
        case revoke(KeyID)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A key was issued.
        case issued(IssuedKey)
        /// A key was revoked.
        case revoked(KeyID)
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// There is no such key.
        case notFound
        /// The account has as many keys as it may have.
        case tooMany
        /// The id is in use: draw another.
        case idTaken
    }

    /// A key in the account's state.
    public struct Entry: Sendable, Equatable {
        /// Its public half.
        public let id: KeyID
        /// What it serves.
        public let kind: KeyKind
        /// SHA-256 of the secret.
        public let secretDigest: Digest
        /// SubjectPublicKeyInfo (DER) of its RSA pair.
        public let publicKey: [UInt8]?
        /// Whether it was revoked.
        public var isRevoked: Bool
    }

    /// How many keys that were not revoked an account may have.
    public static let maximumLiving = 100
    /// How many an account of m-ld may have, where each device and each program asks for one of its own.
    public static let maximumLivingOfMeld = 1_000

    /// All keys, oldest first.
    public private(set) var keys: [Entry] = []

    /// How many keys there ever were.
    public var count: Int { keys.count }

    init() {}

    /// Whether there ever was a key: from the first on, key holders know the account's name.
    public var everIssued: Bool { !keys.isEmpty }

    /// The key with an id, living or revoked.
    public func key(_ id: KeyID) -> Entry? { keys.first { $0.id == id } }

    /// Whether a key exists and was not revoked.
    public func isLiving(_ id: KeyID) -> Bool { keys.contains { $0.id == id && !$0.isRevoked } }

    /// The living key with an id.
    public func living(_ id: KeyID) -> Entry? { keys.first { $0.id == id && !$0.isRevoked } }

    func decide(_ command: Command, system: System) throws(Refusal) -> [Event] {
        switch command {
        case .issue(let key):
            guard !keys.contains(where: { $0.id == key.id }) else { throw .idTaken }
            guard keys.count(where: { !$0.isRevoked }) < Self.maximum(for: system) else { throw .tooMany }
            return [.issued(key)]
        case .revoke(let id):
            guard let key = keys.first(where: { $0.id == id }) else { throw .notFound }
            return key.isRevoked ? [] : [.revoked(id)]
        }
    }

    private static func maximum(for system: System) -> Int { system == .mld ? maximumLivingOfMeld : maximumLiving }

    mutating func apply(_ event: Event) {
        switch event {
        case .issued(let key):
            keys.append(
                Entry(
                    id: key.id, kind: key.kind, secretDigest: key.secretDigest, publicKey: key.publicKey,
                    isRevoked: false))
        case .revoked(let id):
            guard let index = keys.firstIndex(where: { $0.id == id }) else { return }
            keys[index].isRevoked = true
        }
    }
}
