/// The API through which an account was made; fixed at its creation.
public enum System: String, Sendable, CaseIterable {
    /// Ours.
    case native
    /// Flexisip Account Manager.
    case flexisip
    /// m-ld Gateway.
    case mld
    /// Misakey.
    case misakey
    /// Jami.
    case jami
}

/// The API through which a command came.
public enum Door: String, Sendable, CaseIterable {
    /// `/v1`.
    case native
    /// Flexisip Account Manager.
    case flexisip
    /// m-ld Gateway.
    case mld
    /// Misakey.
    case misakey
    /// Jami.
    case jami
    /// The service itself, or somebody at its machine.
    case `operator`
}

/// What a key serves.
public enum KeyKind: String, Sendable, CaseIterable {
    /// Authentication.
    case key
    /// Authentication, with an RSA pair.
    case rsa
    /// A Flexisip service account.
    case flexisipService = "flexisip-service"
}

/// How remotes may authenticate (m-ld).
public enum RemoteAuthMode: String, Sendable, CaseIterable {
    /// Not at all.
    case anon
    /// By key.
    case key
    /// By token.
    case jwt
}

/// How names of domains may come about (m-ld).
public enum NamingContext: String, Sendable, CaseIterable {
    /// Whoever may create a domain names it.
    case any
    /// Anybody may have one under a drawn name.
    case uuid
}

/// How an identity's second factor is checked.
public enum MFAMethod: String, Sendable, CaseIterable {
    /// There is none.
    case disabled
    /// Time-based one-time passwords.
    case totp
    /// WebAuthn.
    case webauthn
}

/// What an account may be in its Space.
public enum AccountRole: String, Sendable, CaseIterable {
    /// An administrator.
    case admin
}

/// How a password is verified.
public enum PasswordScheme: String, Sendable, CaseIterable {
    /// Argon2id, as a PHC string.
    case argon2id
    /// Argon2 server relief (Misakey).
    case argon2ServerRelief = "argon2-server-relief"
}

/// The kinds of unique values.
///
/// Numbers are stored and never change.
public enum Namespace: Int16, Sendable, CaseIterable, Comparable {
    /// Account name.
    case accountName = 1
    /// Identity identifier.
    case identity = 2
    /// Key id.
    case keyID = 3
    /// SIP handle.
    case sipHandle = 4
    /// E-mail address within a Space.
    case spaceEmail = 5
    /// Flexisip's number.
    case flexisipNumber = 6
    /// API key.
    case apiKey = 7
    /// Provisioning token.
    case provisioningToken = 8
    /// Creation token.
    case creationToken = 9
    /// Request token.
    case requestToken = 10
    /// Reset or recovery token.
    case recoveryToken = 11
    /// Domain of a Space.
    case spaceDomain = 12
    /// Host of a Space.
    case spaceHost = 13
    /// Name of a Space.
    case spaceName = 14
    /// Jami id.
    case jamiID = 15
    /// Jami account id.
    case jamiAccount = 16
    /// Jami name.
    case jamiName = 17
    /// Hash of a Misakey root key.
    case misakeyRootKey = 18

    /// By number.
    public static func < (left: Namespace, right: Namespace) -> Bool { left.rawValue < right.rawValue }
}
