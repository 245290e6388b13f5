/// Writes compact JSON straight into bytes.
///
/// The writer puts the commas; whoever calls it keeps the brackets balanced and writes a key before each value of an
/// object. Strings are escaped as RFC 8785 wants, so canonical bytes are a matter of the order of keys alone.
public struct JSONWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Creates a writer with room for so many bytes.
    public init(reservingCapacity capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// Opens an object.
    @inline(__always)
    public mutating func beginObject() { open(UInt8(ascii: "{")) }

    /// Closes the object opened last.
    @inline(__always)
    public mutating func endObject() { close(UInt8(ascii: "}")) }

    /// Opens an array.
    @inline(__always)
    public mutating func beginArray() { open(UInt8(ascii: "[")) }

    /// Closes the array opened last.
    @inline(__always)
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes the key of the next value.
    public mutating func key(_ name: String) {
        separate()
        appendQuoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string.
    public mutating func string(_ value: String) {
        separate()
        appendQuoted(value)
        needsComma = true
    }

    /// Writes a string of characters that need no escapes, such as a time: `text` appends them to the bytes.
    public mutating func plain(_ text: (inout [UInt8]) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        text(&bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes an integer.
    public mutating func integer(_ value: Int) { integer(Int64(value)) }

    /// Writes an integer.
    public mutating func integer(_ value: Int64) {
        separate()
        appendDecimal(value)
        needsComma = true
    }

    /// Writes `true` or `false`.
    public mutating func bool(_ value: Bool) {
        separate()
        append(value ? "true" : "false")
        needsComma = true
    }

    /// Writes `null`.
    public mutating func null() {
        separate()
        append("null")
        needsComma = true
    }

    /// Writes a value that is JSON already.
    ///
    /// The bytes must be one complete JSON value; they are not looked at.
    public mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// Writes bytes as a string in standard base64 with padding.
    public mutating func base64(_ data: [UInt8]) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        data.withUnsafeBufferPointer { Base64.append($0, to: &bytes) }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes bytes as a string of lower-case hexadecimal digits.
    public mutating func hex(_ data: [UInt8]) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        Hex.append(data, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes a value, its members in the order they have.
    ///
    /// A `number` is written with its own text; text that is no JSON number throws `malformed` and leaves the writer
    /// with half a value.
    public mutating func value(_ value: JSONValue) throws(JSONError) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .integer(let number): integer(number)
        case .number(let text): try number(text)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { try self.value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(member.key)
                try self.value(member.value)
            }
            endObject()
        }
    }

    private mutating func number(_ text: String) throws(JSONError) {
        let digits = Array(text.utf8)
        switch try JSONReader.read(digits, limits: JSONLimits(numberBytes: .max)) {
        case .number, .integer: raw(digits)
        default: throw .malformed(offset: 0, reason: "no number")
        }
    }

    // MARK: Pieces

    @inline(__always)
    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func append(_ literal: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    private mutating func appendDecimal(_ value: Int64) {
        var rest = value.magnitude
        // The longest magnitude has 19 digits.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var first = 20
            repeat {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                first &-= 1
                digits.initializeElement(at: first, to: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit))
                rest = quotient
            } while rest != 0
            if value < 0 { bytes.append(UInt8(ascii: "-")) }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: UnsafeBufferPointer(digits)[first..<20]))
        }
    }

    private mutating func appendQuoted(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            var index = 0
            while true {
                let end = UTF8Scan.endOfPlainRun(in: utf8, from: index)
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[index..<end]))
                guard end < utf8.count else { break }
                appendEscaped(utf8[end])
                index = end &+ 1
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The shortest escape of a character that needs one (RFC 8785, 3.2.2.2).
    private mutating func appendEscaped(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x22, 0x5C: bytes.append(byte)
        default:
            append("u00")
            Hex.append([byte], to: &bytes)
        }
    }
}
