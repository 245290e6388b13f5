public import AccountDomain
public import Crypto
import EventCoding
import Glibc

/// An access token, opened.
public struct AccessToken: Sendable, Equatable {
    /// What it is a token of.
    public enum Subject: UInt8, Sendable {
        /// An account.
        case account = 0
        /// An identity.
        case identity = 1
    }

    /// Its own id, by which it can be revoked.
    public let id: TokenID
    /// What its stream is.
    public let subject: Subject
    /// The stream of the account or identity.
    public let stream: StreamID
    /// Strength of the log-in, 0 to 4.
    public let acr: Int
    /// The password's revision at the log-in, when it came from one: a new password ends it.
    public let passwordRevision: Int?
    /// When it ends.
    public let expiresAt: Moment

    /// A token.
    public init(
        id: TokenID, subject: Subject, stream: StreamID, acr: Int, passwordRevision: Int?, expiresAt: Moment
    ) {
        self.id = id
        self.subject = subject
        self.stream = stream
        self.acr = acr
        self.passwordRevision = passwordRevision
        self.expiresAt = expiresAt
    }
}

/// Makes and opens access tokens: opaque, sealed, stored nowhere.
///
/// What a token says is checked against the folded stream at each use, where one that was revoked is known.
public struct AccessTokens: Sendable {
    private static let purpose = Array("access-token.v1".utf8)
    /// Subject, id, stream, acr, whether there is a revision, revision, expiry.
    private static let length = 1 + 16 + 16 + 1 + 1 + 8 + 8
    private static let overhead = 12 + 16

    private let key: SymmetricKey
    private let clock: @Sendable () -> Moment

    /// Tokens under a key of the deployment, so that every gateway opens what another sealed; `clock` tells the present.
    public init(key: SymmetricKey, clock: @escaping @Sendable () -> Moment = AccessTokens.systemClock) {
        self.key = key
        self.clock = clock
    }

    /// The system's clock.
    public static let systemClock: @Sendable () -> Moment = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Moment(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Makes a token that lives for some seconds.
    public func issue(
        to stream: StreamID, _ subject: AccessToken.Subject, acr: Int = 0, passwordRevision: Int? = nil,
        lifetimeSeconds: Int64
    ) -> AccessToken {
        var generator = SystemRandomNumberGenerator()
        return AccessToken(
            id: .random(using: &generator), subject: subject, stream: stream, acr: acr,
            passwordRevision: passwordRevision, expiresAt: clock().adding(seconds: lifetimeSeconds))
    }

    /// The text that a client presents.
    ///
    /// - Throws: what the cipher throws, which it does for no key of 32 bytes.
    public func seal(_ token: AccessToken) throws -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length)
        bytes.append(token.subject.rawValue)
        bytes.append(contentsOf: token.id.bytes)
        bytes.append(contentsOf: token.stream.bytes)
        bytes.append(UInt8(clamping: token.acr))
        bytes.append(token.passwordRevision == nil ? 0 : 1)
        bytes.append(bigEndian: Int64(token.passwordRevision ?? 0))
        bytes.append(bigEndian: token.expiresAt.microseconds)
        let box = try AES.GCM.seal(bytes, using: key, authenticating: Self.purpose)
        return Base64URL.encode(Array(box.nonce) + Array(box.ciphertext) + Array(box.tag))
    }

    /// Opens a presented text, whether it has expired or not; nil when it was not sealed here.
    public func open(_ text: String) -> AccessToken? {
        guard let sealed = Base64URL.decode(text), sealed.count == Self.length + Self.overhead,
            let box = try? AES.GCM.SealedBox(combined: sealed),
            let bytes = try? [UInt8](AES.GCM.open(box, using: key, authenticating: Self.purpose)),
            let subject = AccessToken.Subject(rawValue: bytes[0])
        else { return nil }
        func word(_ offset: Int) -> UInt64 { bytes[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        return AccessToken(
            id: TokenID(high: word(1), low: word(9)), subject: subject, stream: StreamID(high: word(17), low: word(25)),
            acr: Int(bytes[33]), passwordRevision: bytes[34] == 0 ? nil : Int(truncatingIfNeeded: word(35)),
            expiresAt: Moment(microseconds: Int64(truncatingIfNeeded: word(43))))
    }

    /// Whether a token has ended by itself.
    public func hasExpired(_ token: AccessToken) -> Bool { token.expiresAt <= clock() }
}
