import AccountDomain
import Crypto
import StrictJSON

/// One row of the log whose bytes belong to somebody else, such as an answer of the database.
public struct LentEvent {
    /// See ``StoredEvent``.
    public var position: Int64
    /// Microseconds since 1970.
    public var recordedAt: Int64
    /// The stream's two halves.
    public var stream: (high: UInt64, low: UInt64)
    /// See ``StoredEvent``.
    public var version: Int32
    /// The command's two halves.
    public var command: (high: UInt64, low: UInt64)
    /// Its stored name, UTF-8.
    public var type: UnsafeRawBufferPointer
    /// Canonical JSON.
    public var meta: UnsafeRawBufferPointer
    /// Canonical JSON.
    public var data: UnsafeRawBufferPointer
    /// The box.
    public var secret: UnsafeRawBufferPointer?
    /// SHA-256 of the box: 32 bytes.
    public var secretHash: UnsafeRawBufferPointer?

    /// A row with every column given.
    public init(
        position: Int64, recordedAt: Int64, stream: (high: UInt64, low: UInt64), version: Int32,
        command: (high: UInt64, low: UInt64), type: UnsafeRawBufferPointer, meta: UnsafeRawBufferPointer,
        data: UnsafeRawBufferPointer, secret: UnsafeRawBufferPointer?, secretHash: UnsafeRawBufferPointer?
    ) {
        self.position = position
        self.recordedAt = recordedAt
        self.stream = stream
        self.version = version
        self.command = command
        self.type = type
        self.meta = meta
        self.data = data
        self.secret = secret
        self.secretHash = secretHash
    }

    /// The leaf's hash (docs/log.md), computed without an allocation.
    func withLeafHash<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        // The zero byte before the leaf (RFC 6962), the fixed columns, the name, two hashes, the box's hash.
        withUnsafeTemporaryAllocation(byteCount: 1 + 55 + type.count + 64 + 33, alignment: 8) { leaf in
            leaf[0] = 0
            leaf[1] = 1
            leaf.storeBytes(of: position.bigEndian, toByteOffset: 2, as: Int64.self)
            leaf.storeBytes(of: recordedAt.bigEndian, toByteOffset: 10, as: Int64.self)
            leaf.storeBytes(of: stream.high.bigEndian, toByteOffset: 18, as: UInt64.self)
            leaf.storeBytes(of: stream.low.bigEndian, toByteOffset: 26, as: UInt64.self)
            leaf.storeBytes(of: command.high.bigEndian, toByteOffset: 34, as: UInt64.self)
            leaf.storeBytes(of: command.low.bigEndian, toByteOffset: 42, as: UInt64.self)
            leaf.storeBytes(of: version.bigEndian, toByteOffset: 50, as: Int32.self)
            leaf.storeBytes(of: UInt16(truncatingIfNeeded: type.count).bigEndian, toByteOffset: 54, as: UInt16.self)
            var place = 56
            func append(_ bytes: UnsafeRawBufferPointer) {
                UnsafeMutableRawBufferPointer(rebasing: leaf[place...]).copyMemory(from: bytes)
                place += bytes.count
            }
            append(type)
            Self.hash(meta).withUnsafeBytes { append($0) }
            Self.hash(data).withUnsafeBytes { append($0) }
            leaf[place] = secretHash == nil ? 0 : 1
            place += 1
            if let secretHash { append(secretHash) }
            return Self.hash(UnsafeRawBufferPointer(rebasing: leaf[..<place])).withUnsafeBytes { body($0) }
        }
    }

    /// The leaf's hash (docs/log.md).
    public var leafHash: [UInt8] { withLeafHash { [UInt8]($0) } }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> SHA256.Digest {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        return hasher.finalize()
    }
}

extension StoredEvent {
    /// Lends the row.
    public func lend<R>(_ body: (LentEvent) throws -> R) rethrows -> R {
        var type = type
        return try type.withUTF8 { type in
            try meta.withUnsafeBytes { meta in
                try data.withUnsafeBytes { data in
                    try Self.lend(secret) { secret in
                        try Self.lend(secretHash) { secretHash in
                            try body(
                                LentEvent(
                                    position: position, recordedAt: recordedAt.microseconds,
                                    stream: (stream.high, stream.low), version: version,
                                    command: (command.high, command.low), type: UnsafeRawBufferPointer(type),
                                    meta: meta,
                                    data: data, secret: secret, secretHash: secretHash))
                        }
                    }
                }
            }
        }
    }

    private static func lend<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws -> R) rethrows -> R {
        guard let bytes else { return try body(nil) }
        return try bytes.withUnsafeBytes { try body($0) }
    }
}

/// Writes rows of the log in their form on the wire, CloudEvents 1.0 in JSON (docs/native-api.md), at speed.
///
/// `data` is the stored canonical text and `meta` is its text as a string, so a reader can recompute the leaf. Not
/// Sendable: a writer belongs to whoever made it.
public final class CloudEventLines {
    private let buffer: LineBuffer
    /// `","source":"<origin>","type":"`, which is the same in every line.
    private let source: [UInt8]
    private var second = Int64.min
    /// `2026-01-31T12:00:00.`, of ``second``.
    private var secondText: [UInt8] = []

    /// A writer of the lines of the log that `origin` names.
    public init(origin: String, reservingCapacity capacity: Int = 64 << 10) {
        buffer = LineBuffer(capacity: capacity)
        var text = JSONWriter()
        text.string(origin)
        source = Array("\",\"source\":".utf8) + text.bytes + Array(",\"type\":\"".utf8)
    }

    /// How many bytes were written.
    public var count: Int { buffer.count }

    /// Appends an event as a line.
    public func append(_ event: LentEvent) {
        appendObject(event)
        buffer.put(UInt8(ascii: "}"))
        buffer.put(UInt8(ascii: "\n"))
    }

    /// Appends any bytes, such as another kind of line.
    public func append(_ bytes: [UInt8]) {
        buffer.reserve(bytes.count)
        buffer.put(bytes)
    }

    /// What was written; the writer is empty afterwards.
    public func take() -> [UInt8] { buffer.take() }

    /// An event as one JSON text, with the personal half of its box for those who may see it.
    public func text(_ event: StoredEvent, personal: [UInt8]? = nil) -> [UInt8] {
        buffer.clear()
        event.lend { appendObject($0) }
        if let personal {
            buffer.reserve(personal.count + 16)
            buffer.put(",\"personal\":")
            buffer.put(personal)
        }
        buffer.reserve(1)
        buffer.put(UInt8(ascii: "}"))
        return buffer.take()
    }

    /// Whether a line, without its end, is exactly what would be written for an event.
    public func matches(_ line: UnsafeRawBufferPointer, _ event: LentEvent) -> Bool {
        buffer.clear()
        appendObject(event)
        buffer.put(UInt8(ascii: "}"))
        defer { buffer.clear() }
        return buffer.withBytes { $0.count == line.count && $0.elementsEqual(line) }
    }

    private func appendObject(_ event: LentEvent) {
        let secretBytes = event.secret.map { ($0.count + 2) / 3 * 4 } ?? 0
        buffer.reserve(
            640 + source.count + event.type.count * 6 + event.data.count + event.meta.count * 6 + secretBytes)
        buffer.put("{\"specversion\":\"1.0\",\"id\":\"")
        buffer.put(decimal: event.position)
        buffer.put(source)
        buffer.put(escaped: event.type)
        buffer.put("\",\"subject\":\"")
        buffer.put(uuid: event.stream.high, event.stream.low)
        buffer.put("\",\"time\":\"")
        appendTime(event.recordedAt)
        buffer.put("\",\"datacontenttype\":\"application/json\",\"data\":")
        buffer.put(event.data)
        buffer.put(",\"sequence\":\"")
        buffer.put(decimal: event.position)
        buffer.put("\",\"streamversion\":")
        buffer.put(decimal: Int64(event.version))
        buffer.put(",\"commandid\":\"")
        buffer.put(uuid: event.command.high, event.command.low)
        buffer.put("\",\"meta\":\"")
        buffer.put(escaped: event.meta)
        buffer.put(UInt8(ascii: "\""))
        if let secret = event.secret {
            buffer.put(",\"secret\":\"")
            buffer.put(base64: secret)
            buffer.put(UInt8(ascii: "\""))
        }
        if let hash = event.secretHash {
            buffer.put(",\"secrethash\":\"")
            buffer.put(hex: hash)
            buffer.put(UInt8(ascii: "\""))
        }
        buffer.put(",\"leafhash\":\"")
        event.withLeafHash { buffer.put(hex: $0) }
        buffer.put(UInt8(ascii: "\""))
    }

    /// RFC 3339 with six fraction digits; the text of a second is kept, since neighbours mostly share it.
    private func appendTime(_ microseconds: Int64) {
        var (quotient, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        if rest < 0 {
            quotient -= 1
            rest += 1_000_000
        }
        if quotient != second || secondText.isEmpty {
            second = quotient
            var text: [UInt8] = []
            Moment(microseconds: quotient * 1_000_000).appendText(to: &text)
            // Without `000000Z`.
            secondText = Array(text.dropLast(7))
        }
        buffer.put(secondText)
        buffer.put(sixDigits: rest)
        buffer.put(UInt8(ascii: "Z"))
    }
}
