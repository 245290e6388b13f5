/// What a password is checked against; never the password.
public enum PasswordVerifier: Sendable, Equatable {
    /// Argon2id, as a PHC string.
    case argon2id(phc: String)
    /// Argon2 server relief: the client hashed (Misakey).
    case argon2ServerRelief(ReliefVerifier)

    /// Whether accounts of a system are verified so.
    func suits(_ system: System) -> Bool {
        switch self {
        case .argon2id: system != .misakey
        case .argon2ServerRelief: system == .misakey
        }
    }
}

/// The outcome of a password check, and which verifier it was made against.
public struct PasswordProof: Sendable, Equatable {
    /// The revision of the verifier.
    public let revision: Int
    /// Whether the password was right.
    public let matches: Bool

    /// An outcome.
    public init(revision: Int, matches: Bool) {
        self.revision = revision
        self.matches = matches
    }
}

/// The account's one set of verifiers, replaced as a whole.
public struct Password: Sendable, Equatable {
    /// On whose word a password is replaced.
    public enum Authority: Sendable, Equatable {
        /// The owner's, who gives the old password if there is one.
        case owner(proof: PasswordProof?)
        /// Root's or an administrator's.
        case `operator`
    }

    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Sets the password, or another one.
        case replace(with: PasswordVerifier, authority: Authority)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// The first password was set.
        case set(PasswordVerifier)
        /// Another password was set.
        case changed(PasswordVerifier)
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// There is a password, and the owner did not give it.
        case oldPasswordRequired
        /// The check was made against a verifier that was replaced meanwhile: check again.
        case staleProof
        /// The old password is wrong.
        case wrongPassword
        /// Only that system's door can compute its verifier, or keep what it seals readable.
        case managedAtItsDoor(System)
    }

    /// The verifier; nil without a password.
    public private(set) var verifier: PasswordVerifier?
    /// How often it was set or changed.
    public private(set) var revision = 0

    init() {}

    func decide(_ command: Command, system: System) throws(Refusal) -> [Event] {
        switch command {
        case .replace(let new, let authority):
            guard new.suits(system) else { throw .managedAtItsDoor(system) }
            if verifier == nil { return [.set(new)] }
            if case .owner(let proof) = authority {
                guard let proof else { throw .oldPasswordRequired }
                guard proof.revision == revision else { throw .staleProof }
                guard proof.matches else { throw .wrongPassword }
            }
            return [.changed(new)]
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .set(let verifier), .changed(let verifier):
            self.verifier = verifier
            revision += 1
        }
    }
}
