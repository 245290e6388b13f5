/// A key that the client encrypted, with a hash by which it is told from others.
public struct SealedKey: Sendable, Equatable {
    /// The client's hash of the key.
    public let hash: String
    /// The key, encrypted by the client.
    public let encrypted: String

    /// A key.
    public init(hash: String, encrypted: String) {
        self.hash = hash
        self.encrypted = encrypted
    }
}

/// A pair of keys whose secret half the client encrypted.
public struct AsymmetricKey: Sendable, Equatable {
    /// The public half.
    public let publicKey: String
    /// The secret half, encrypted by the client.
    public let encryptedSecretKey: String

    /// A pair.
    public init(publicKey: String, encryptedSecretKey: String) {
        self.publicKey = publicKey
        self.encryptedSecretKey = encryptedSecretKey
    }
}

/// The person's share of the key of a box.
public struct BoxKeyShare: Sendable, Equatable {
    /// The box.
    public let box: String
    /// The share's own id.
    public let id: String
    /// The client's hash of the other share.
    public let invitationShareHash: String
    /// The share, encrypted by the client.
    public let encryptedInvitationShare: String

    /// A share.
    public init(box: String, id: String, invitationShareHash: String, encryptedInvitationShare: String) {
        self.box = box
        self.id = id
        self.invitationShareHash = invitationShareHash
        self.encryptedInvitationShare = encryptedInvitationShare
    }
}

/// Everything that a secret storage holds at its beginning.
public struct SecretStorageContents: Sendable, Equatable {
    /// Encrypts all else; itself encrypted under the password.
    public let rootKey: SealedKey
    /// The vault's key.
    public let vaultKey: SealedKey
    /// Pairs of keys.
    public let asymmetricKeys: [AsymmetricKey]
    /// Shares of keys of boxes.
    public let shares: [BoxKeyShare]

    /// Contents.
    public init(rootKey: SealedKey, vaultKey: SealedKey, asymmetricKeys: [AsymmetricKey], shares: [BoxKeyShare]) {
        self.rootKey = rootKey
        self.vaultKey = vaultKey
        self.asymmetricKeys = asymmetricKeys
        self.shares = shares
    }
}

/// Keys that the client encrypted, which nobody here can read (Misakey); it takes the place of the backup.
public struct SecretStorage: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Puts a storage in the place of whatever there was.
        case install(SecretStorageContents, at: Moment)
        /// Installs the first one.
        case migrate(SecretStorageContents, at: Moment)
        /// Encrypts the root key anew, as a change of the password does; without a storage it is kept for one to come.
        case changeRootKey(encrypted: String)
        /// Adds a pair of keys, or replaces its secret half; `rootKeyHash` must be the current one.
        case addAsymmetricKey(AsymmetricKey, rootKeyHash: String)
        /// Removes pairs, all of which must be there.
        case removeAsymmetricKeys([String])
        /// Puts a share in the place of the box's former one; `rootKeyHash` must be the current one.
        case putShare(BoxKeyShare, rootKeyHash: String, at: Moment)
        /// Removes the shares of boxes, all of which must have one.
        case removeShares([String])
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A storage took the place of whatever there was; its keys and shares follow.
        case installed(rootKey: SealedKey, vaultKey: SealedKey)
        /// The root key was encrypted anew.
        case rootKeyChanged(encrypted: String)
        /// Pairs of keys were added or replaced.
        case asymmetricKeysAdded([AsymmetricKey])
        /// Pairs were removed.
        case asymmetricKeysRemoved([String])
        /// Shares were put.
        case sharesPut([BoxKeyShare], at: Moment)
        /// The shares of boxes were removed.
        case sharesRemoved([String])
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// There is no storage.
        case notInstalled
        /// There is one.
        case alreadyInstalled
        /// The root key is the one that is there.
        case rootKeyUsed
        /// The root key named is not the current one.
        case staleRootKey
        /// A key or share named is not there.
        case notFound
        /// There are as many as there may be.
        case tooMany
    }

    /// How many pairs of keys, and how many shares, there may be.
    public static let maximum = 4_000
    /// How many characters of keys one event holds, about.
    static let charactersPerEvent = 32_768

    /// A share as it is kept.
    public struct KeptShare: Sendable, Equatable {
        /// The share.
        public let share: BoxKeyShare
        /// When the box got its first one.
        public let createdAt: Moment
        /// When it was put.
        public let updatedAt: Moment
    }

    /// The root key; nil without a storage.
    public private(set) var rootKey: SealedKey?
    /// The vault's key; nil without a storage.
    public private(set) var vaultKey: SealedKey?
    /// The root key of a storage to come, as a change of the password left it.
    public private(set) var pendingRootKey: String?
    /// Secret halves by their public ones.
    public private(set) var asymmetricKeys: [String: String] = [:]
    /// Shares by box.
    public private(set) var shares: [String: KeptShare] = [:]
    /// How many characters are kept, about.
    public private(set) var characters = 0

    /// Whether there is a storage.
    public var isInstalled: Bool { rootKey != nil }

    init() {}

    func decide(_ command: Command) throws(Refusal) -> [Event] {
        switch command {
        case .install(let contents, let now):
            guard contents.rootKey.hash != rootKey?.hash else { throw .rootKeyUsed }
            return try Self.events(contents, now)
        case .migrate(let contents, let now):
            guard !isInstalled else { throw .alreadyInstalled }
            return try Self.events(contents, now)
        case .changeRootKey(let encrypted): return [.rootKeyChanged(encrypted: encrypted)]
        case .addAsymmetricKey(let key, let hash):
            try check(hash)
            let present = asymmetricKeys[key.publicKey]
            if present == key.encryptedSecretKey { return [] }
            guard present != nil || asymmetricKeys.count < Self.maximum else { throw .tooMany }
            return [.asymmetricKeysAdded([key])]
        case .removeAsymmetricKeys(let keys):
            guard isInstalled else { throw .notInstalled }
            guard keys.allSatisfy({ asymmetricKeys[$0] != nil }) else { throw .notFound }
            return Self.pieces(Self.once(keys)) { $0.utf8.count }.map { .asymmetricKeysRemoved($0) }
        case .putShare(let share, let hash, let now):
            try check(hash)
            let present = shares[share.box]
            guard present != nil || shares.count < Self.maximum else { throw .tooMany }
            return [
                .sharesPut(
                    [
                        BoxKeyShare(
                            box: share.box, id: present?.share.id ?? share.id,
                            invitationShareHash: share.invitationShareHash,
                            encryptedInvitationShare: share.encryptedInvitationShare)
                    ], at: now)
            ]
        case .removeShares(let boxes):
            guard isInstalled else { throw .notInstalled }
            guard boxes.allSatisfy({ shares[$0] != nil }) else { throw .notFound }
            return Self.pieces(Self.once(boxes)) { $0.utf8.count }.map { .sharesRemoved($0) }
        }
    }

    private func check(_ hash: String) throws(Refusal) {
        guard let rootKey else { throw .notInstalled }
        guard rootKey.hash == hash else { throw .staleRootKey }
    }

    private static func events(_ contents: SecretStorageContents, _ now: Moment) throws(Refusal) -> [Event] {
        guard contents.asymmetricKeys.count <= maximum, contents.shares.count <= maximum else { throw .tooMany }
        return [.installed(rootKey: contents.rootKey, vaultKey: contents.vaultKey)]
            + pieces(contents.asymmetricKeys) { $0.publicKey.utf8.count + $0.encryptedSecretKey.utf8.count }
            .map { .asymmetricKeysAdded($0) }
            + pieces(contents.shares) { $0.characters }.map { .sharesPut($0, at: now) }
    }

    /// A list without what stands in it before.
    private static func once(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    /// Pieces of a list, each small enough for the box of one event.
    private static func pieces<Item>(_ items: [Item], size: (Item) -> Int) -> [[Item]] {
        var pieces: [[Item]] = []
        var room = 0
        for item in items {
            if size(item) > room {
                pieces.append([])
                room = charactersPerEvent
            }
            pieces[pieces.count - 1].append(item)
            room -= size(item)
        }
        return pieces
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .installed(let root, let vault):
            self = SecretStorage()
            rootKey = root
            vaultKey = vault
        case .rootKeyChanged(let encrypted):
            if let present = rootKey {
                rootKey = SealedKey(hash: present.hash, encrypted: encrypted)
            } else {
                pendingRootKey = encrypted
            }
        case .asymmetricKeysAdded(let keys):
            for key in keys {
                forget(key.publicKey)
                asymmetricKeys[key.publicKey] = key.encryptedSecretKey
                characters += key.publicKey.utf8.count + key.encryptedSecretKey.utf8.count
            }
        case .asymmetricKeysRemoved(let keys): keys.forEach { forget($0) }
        case .sharesPut(let put, let now):
            for share in put {
                let createdAt = shares[share.box]?.createdAt ?? now
                forgetShare(share.box)
                shares[share.box] = KeptShare(share: share, createdAt: createdAt, updatedAt: now)
                characters += share.characters
            }
        case .sharesRemoved(let boxes): boxes.forEach { forgetShare($0) }
        }
    }

    private mutating func forget(_ publicKey: String) {
        guard let secret = asymmetricKeys.removeValue(forKey: publicKey) else { return }
        characters -= publicKey.utf8.count + secret.utf8.count
    }

    private mutating func forgetShare(_ box: String) {
        if let kept = shares.removeValue(forKey: box) { characters -= kept.share.characters }
    }
}

extension BoxKeyShare {
    fileprivate var characters: Int {
        box.utf8.count + id.utf8.count + invitationShareHash.utf8.count + encryptedInvitationShare.utf8.count
    }
}
