public import AccountDomain
import AuthenticatedEncryption
import Crypto
import StrictJSON

/// The epoch keys: they wrap the streams' data keys and live outside the database (docs/log.md).
public struct Keyring: Sendable {
    /// One epoch's key.
    struct Epoch: Sendable {
        let number: Int32
        let key: SymmetricKey
    }

    private var epochs: [Epoch]
    /// Epochs whose keys open, but under which nothing new is wrapped.
    private var closed: Set<Int32> = []

    /// Makes a keyring with a first, random epoch key.
    public static func make() -> Keyring { Keyring(epochs: [Epoch(number: 1, key: SymmetricKey(size: .bits256))]) }

    private init(epochs: [Epoch]) { self.epochs = epochs }

    /// Reads the keyring file: `{"epochs":[{"epoch":1,"key":"<base64 of 32 bytes>"}]}`.
    ///
    /// - Throws: ``EventCodingError/malformed(_:)`` when it is anything else.
    public init(file: [UInt8]) throws(EventCodingError) {
        guard case .object(let object)? = try? JSONReader.read(file), case .array(let items) = object["epochs"],
            !items.isEmpty
        else { throw .malformed("keyring file") }
        epochs = []
        for item in items {
            guard case .object(let entry) = item, case .integer(let number) = entry["epoch"], number > 0,
                let epoch = Int32(exactly: number), case .string(let text) = entry["key"],
                let bytes = Base64.decode(text), bytes.count == 32
            else { throw .malformed("keyring file") }
            epochs.append(Epoch(number: epoch, key: SymmetricKey(data: bytes)))
        }
        epochs.sort { $0.number < $1.number }
    }

    /// The bytes of the keyring file.
    ///
    /// Secret: write them with mode 600.
    public var fileBytes: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("epochs")
        writer.beginArray()
        for epoch in epochs {
            writer.beginObject()
            writer.key("epoch")
            writer.integer(Int64(epoch.number))
            writer.key("key")
            writer.base64(epoch.key.withUnsafeBytes { [UInt8]($0) })
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes + [0x0A]
    }

    /// The epoch under which new streams' keys are wrapped: the newest that is not closed.
    public var current: Int32 { newest?.number ?? 0 }

    private var newest: Epoch? { epochs.last { !closed.contains($0.number) } ?? epochs.last }

    /// The numbers of all epochs, rising.
    public var numbers: [Int32] { epochs.map(\.number) }

    /// What the database remembers of an epoch's key, so that a wrong keyring is noticed at start.
    public func checkValue(of epoch: Int32) -> [UInt8]? {
        key(epoch).map { Array(HMAC<SHA256>.authenticationCode(for: Array("check".utf8), using: $0)) }
    }

    /// Wraps a stream's key under the current epoch: nonce ‖ ciphertext ‖ tag.
    public func wrap(_ key: StreamKey, log: Int16, stream: StreamID) -> (epoch: Int32, wrapped: [UInt8]) {
        guard let epoch = newest else { preconditionFailure("a keyring has an epoch") }
        let nonce = RandomBytes.shared.draw(AES256GCM.nonceBytes)
        let bound = associatedData(log, stream)
        let wrapped = key.withKey { key in
            key.withUnsafeBytes { plain in
                epoch.key.withUnsafeBytes {
                    AES256GCM.seal(
                        plain.bytes, after: nonce.span.bytes, key: $0.bytes, authenticating: bound.span.bytes)
                }
            }
        }
        return (epoch.number, wrapped)
    }

    // MARK: - Rotation

    /// The same with a new, random key for an epoch after all others.
    public func adding(_ number: Int32) -> Keyring {
        Keyring(
            epochs: epochs.filter { $0.number != number } + [Epoch(number: number, key: SymmetricKey(size: .bits256))])
    }

    /// The same without an epoch's key; nil when it is the only one.
    public func removing(_ number: Int32) -> Keyring? {
        let left = epochs.filter { $0.number != number }
        return left.isEmpty ? nil : Keyring(epochs: left)
    }

    /// The same, wrapping nothing under some epochs.
    ///
    /// Should no other be left, the newest epoch is used all the same, and the database refuses it.
    func closing(_ numbers: Set<Int32>) -> Keyring {
        var keyring = self
        keyring.closed = numbers
        return keyring
    }

    /// Whether an epoch that both have has the same key in both, and there is one.
    func agrees(with other: Keyring) -> Bool {
        let common = epochs.compactMap { mine in other.key(mine.number).map { (mine.key, $0) } }
        return !common.isEmpty && common.allSatisfy { $0 == $1 }
    }

    /// Unwraps a stream's key.
    ///
    /// - Throws: ``EventCodingError/unknownEpoch(_:)``, or ``EventCodingError/sealedUnderAnotherKey``.
    public func unwrap(_ wrapped: [UInt8], epoch: Int32, log: Int16, stream: StreamID) throws(EventCodingError)
        -> StreamKey
    {
        guard let key = key(epoch) else { throw .unknownEpoch(epoch) }
        let bound = associatedData(log, stream)
        let plain = key.withUnsafeBytes {
            AES256GCM.open(wrapped.span.bytes, key: $0.bytes, authenticating: bound.span.bytes)
        }
        guard let plain, plain.count == AES256GCM.keyBytes else { throw .sealedUnderAnotherKey }
        return StreamKey(SymmetricKey(data: plain), log: log, stream: stream)
    }

    private func key(_ number: Int32) -> SymmetricKey? { epochs.first { $0.number == number }?.key }

    private func associatedData(_ log: Int16, _ stream: StreamID) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: UInt16(bitPattern: log))
        bytes.append(contentsOf: stream.bytes)
        bytes.append(contentsOf: "key".utf8)
        return bytes
    }
}
