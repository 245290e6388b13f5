public import AccountDomain
public import Crypto
import StrictJSON

/// The deployment's key for everything that is not a box: look-ups, access tokens, cursors, idempotency (docs/log.md).
///
/// It does not rotate: reservations are stored under its pepper.
public struct MasterKey: Sendable {
    private let master: SymmetricKey
    // Begun once: setting the key costs several times what a short message does.
    private let peppered: BegunHMAC
    private let idempotent: BegunHMAC

    /// Draws a new one.
    public static func make() -> MasterKey { MasterKey(SymmetricKey(size: .bits256)) }

    private init(_ key: SymmetricKey) {
        master = key
        peppered = BegunHMAC(key: Self.derive("pepper", from: key))
        idempotent = BegunHMAC(key: Self.derive("idempotency", from: key))
    }

    /// Reads its text form: standard base64 of 32 bytes.
    ///
    /// - Throws: ``EventCodingError/malformed(_:)`` when it is anything else.
    public init(text: String) throws(EventCodingError) {
        guard let bytes = Base64.decode(text), bytes.count == 32 else { throw .malformed("master key") }
        self.init(SymmetricKey(data: bytes))
    }

    /// Its text form.
    ///
    /// Secret: write it with mode 600.
    public var text: String { Base64.encode(master.withUnsafeBytes { [UInt8]($0) }) }

    /// What the database remembers of it, so that a wrong key is noticed at start.
    public var checkValue: [UInt8] { Array(HMAC<SHA256>.authenticationCode(for: Array("check".utf8), using: master)) }

    /// The key of a unique value: HMAC of the folded value under the pepper (docs/log.md).
    public func reservationKey(_ namespace: Namespace, _ value: String) -> [UInt8] {
        lookupKey(kind: namespace.rawValue, scope: "", value)
    }

    /// The key of a look-up that is not unique (docs/log.md): kind ‖ scope ‖ folded value.
    public func lookupKey(kind: Int16, scope: String, _ value: String) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(3 + scope.utf8.count + value.utf8.count)
        message.append(bigEndian: kind)
        message.append(contentsOf: scope.utf8)
        message.append(0)
        message.append(contentsOf: value.utf8)
        return peppered.code(of: message).withUnsafeBytes { [UInt8]($0) }
    }

    /// The id of a keyed command (docs/log.md): HMAC of caller, method, path and Idempotency-Key.
    public func commandID(caller: [UInt8], method: String, path: String, key: String) -> CommandID {
        var message: [UInt8] = []
        for part in [caller, Array(method.utf8), Array(path.utf8), Array(key.utf8)] {
            message.append(bigEndian: UInt32(part.count))
            message.append(contentsOf: part)
        }
        let (high, low) = Self.halves(idempotent.code(of: message))
        return CommandID(version4From: high, low)
    }

    /// The id of a stream that a keyed creation makes: derived, so that a repeat finds it.
    public func createdStream(by command: CommandID, ordinal: Int = 0) -> StreamID {
        let (high, low) = Self.halves(idempotent.code(of: Array("stream/\(ordinal)/".utf8) + command.bytes))
        return StreamID(version4From: high, low)
    }

    /// A key derived for a purpose of its own, such as access tokens or cursors.
    public func derivedKey(_ purpose: String) -> SymmetricKey { Self.derive(purpose, from: master) }

    private static func derive(_ purpose: String, from key: SymmetricKey) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Array("account-ledger/\(purpose)".utf8), outputByteCount: 32)
    }

    /// The first sixteen bytes, in network order.
    private static func halves(_ code: SHA256Digest) -> (UInt64, UInt64) {
        code.withUnsafeBytes {
            (
                UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }
}
