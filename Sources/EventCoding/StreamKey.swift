public import AccountDomain
import AuthenticatedEncryption
public import Crypto

/// The data key of one stream: everything personal or secret of that stream is sealed under it (docs/log.md).
///
/// Destroying its wrapped form is the erasure of the person.
public struct StreamKey: Sendable {
    private let key: SymmetricKey
    private let log: Int16
    private let stream: StreamID

    /// A key of 32 bytes for a stream.
    public init(_ key: SymmetricKey, log: Int16, stream: StreamID) {
        precondition(key.bitCount == AES256GCM.keyBytes * 8, "a stream's key of another size")
        self.key = key
        self.log = log
        self.stream = stream
    }

    /// Draws the key of a new stream.
    public static func draw(log: Int16, stream: StreamID) -> StreamKey {
        StreamKey(SymmetricKey(size: .bits256), log: log, stream: stream)
    }

    /// What a box is bound to besides its key, so that no box can stand in another's place.
    public enum Place: Sendable {
        /// The box of an event.
        case event(version: Int32, type: String)
        /// A blob: stored before its version is known.
        case blob
        /// The view in a read model.
        case view(String)
    }

    /// Seals bytes: epoch ‖ nonce ‖ ciphertext ‖ tag, with a random 96-bit nonce.
    public func seal(_ plain: [UInt8], epoch: Int32, at place: Place) -> [UInt8] {
        var head: [UInt8] = []
        head.reserveCapacity(Self.epochBytes + AES256GCM.nonceBytes)
        head.append(bigEndian: UInt32(bitPattern: epoch))
        head.append(contentsOf: RandomBytes.shared.draw(AES256GCM.nonceBytes))
        let bound = associatedData(place)
        return key.withUnsafeBytes {
            AES256GCM.seal(
                plain.span.bytes, after: head.span.bytes, key: $0.bytes, authenticating: bound.span.bytes)
        }
    }

    /// Opens what ``seal(_:epoch:at:)`` made.
    ///
    /// - Throws: ``EventCodingError/sealedUnderAnotherKey`` when key, place or bytes are not those of the sealing.
    public func open(_ box: [UInt8], at place: Place) throws(EventCodingError) -> [UInt8] {
        guard let plain = open(box.span.bytes, associatedData(place)) else { throw .sealedUnderAnotherKey }
        return plain
    }

    private func open(_ box: RawSpan, _ bound: [UInt8]) -> [UInt8]? {
        guard box.byteCount >= Self.overhead else { return nil }
        return key.withUnsafeBytes {
            AES256GCM.open(box.extracting(Self.epochBytes...), key: $0.bytes, authenticating: bound.span.bytes)
        }
    }

    /// Whether the box of an event is the one that was sealed there; what is in it is not kept.
    public func opens(_ box: UnsafeRawBufferPointer, version: Int32, type: UnsafeRawBufferPointer) -> Bool {
        withOpened(box, version: version, type: type) { $0 != nil }
    }

    /// Lends what the box of an event holds, nil when it is not the one that was sealed there.
    ///
    /// Events are opened by the million, and most boxes are small: no array is made for what is gone a moment later.
    func withOpened<Result>(
        _ box: UnsafeRawBufferPointer, version: Int32, type: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer?) -> Result
    ) -> Result {
        guard box.count >= Self.overhead else { return body(nil) }
        return withUnsafeTemporaryAllocation(byteCount: box.count - Self.overhead, alignment: 16) { plain in
            let isGenuine = withAssociatedData(version, type) { bound in
                key.withUnsafeBytes {
                    AES256GCM.open(
                        box.bytes.extracting(Self.epochBytes...), key: $0.bytes, authenticating: bound.bytes,
                        into: plain)
                }
            }
            return body(isGenuine ? UnsafeRawBufferPointer(plain) : nil)
        }
    }

    /// How many bytes a box is longer than what it holds.
    public static let overhead = epochBytes + AES256GCM.nonceBytes + AES256GCM.tagBytes

    private static let epochBytes = 4

    /// A keyed digest that only holders of this stream's key can compute, separated by purpose.
    public func digest(_ purpose: String, _ bytes: some Sequence<UInt8>) -> AccountDomain.Digest {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array(purpose.utf8))
        code.update(data: [0])
        code.update(data: Array(bytes))
        return code.finalize().withUnsafeBytes { AccountDomain.Digest(hash: $0) }
    }

    /// A keyed digest under a key of its own, derived from this stream's by HKDF with `purpose` as its info.
    ///
    /// It verifies what could be guessed, such as a code of a few digits: without the key a guess cannot be tried.
    public func verifier(_ purpose: String, of bytes: [UInt8]) -> AccountDomain.Digest {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Array(purpose.utf8), outputByteCount: 32)
        var code = HMAC<SHA256>(key: derived)
        code.update(data: bytes)
        return code.finalize().withUnsafeBytes { AccountDomain.Digest(hash: $0) }
    }

    /// A one-time secret of this stream (docs/log.md): derived again by whoever holds the key, gone with it.
    public func derivedSecret(command: CommandID, kind: String, ordinal: Int, byteCount: Int) -> [UInt8] {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, salt: command.bytes, info: Array("\(kind)/\(ordinal)".utf8),
            outputByteCount: byteCount)
        return derived.withUnsafeBytes { [UInt8]($0) }
    }

    func withKey<Result>(_ body: (SymmetricKey) -> Result) -> Result { body(key) }

    private func associatedData(_ place: Place) -> [UInt8] {
        switch place {
        case .event(let version, var type):
            return type.withUTF8 { withAssociatedData(version, UnsafeRawBufferPointer($0)) { [UInt8]($0) } }
        case .blob: return associatedData("blob".utf8)
        case .view(let name): return associatedData("view/".utf8) + name.utf8
        }
    }

    /// Lends what the box of an event is bound to: log, stream, version and type.
    private func withAssociatedData<Result>(
        _ version: Int32, _ type: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(byteCount: 22 + type.count, alignment: 8) { bytes in
            bytes.storeBytes(of: log.bigEndian, as: Int16.self)
            bytes.storeBytes(of: stream.high.bigEndian, toByteOffset: 2, as: UInt64.self)
            bytes.storeBytes(of: stream.low.bigEndian, toByteOffset: 10, as: UInt64.self)
            bytes.storeBytes(of: version.bigEndian, toByteOffset: 18, as: Int32.self)
            UnsafeMutableRawBufferPointer(rebasing: bytes[22...]).copyMemory(from: type)
            return body(UnsafeRawBufferPointer(bytes))
        }
    }

    private func associatedData(_ purpose: some Collection<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        bytes.append(bigEndian: UInt16(bitPattern: log))
        bytes.append(bigEndian: stream.high)
        bytes.append(bigEndian: stream.low)
        bytes.append(contentsOf: purpose)
        return bytes
    }
}

extension AccountDomain.Digest {
    /// SHA-256 of bytes.
    public static func sha256(of bytes: [UInt8]) -> AccountDomain.Digest { bytes.withUnsafeBytes { sha256(of: $0) } }

    /// SHA-256 of bytes where they lie.
    static func sha256(of bytes: UnsafeRawBufferPointer) -> AccountDomain.Digest {
        // The pointer spares the way through the generic form, which costs as much as the hash of an event.
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        return hasher.finalize().withUnsafeBytes { AccountDomain.Digest(hash: $0) }
    }

    fileprivate init(hash: UnsafeRawBufferPointer) {
        guard let digest = AccountDomain.Digest(copying: hash) else {
            preconditionFailure("SHA-256 and its HMAC give 32 bytes")
        }
        self = digest
    }
}

extension UUIDShaped {
    /// The sixteen bytes, in network order.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        bytes.append(bigEndian: high)
        bytes.append(bigEndian: low)
        return bytes
    }
}

extension [UInt8] {
    /// Appends an integer in network order.
    public mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
