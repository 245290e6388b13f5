import AccountDomain
import EventCoding
import Glibc
import StrictJSON

/// Reads an event's line back into the row it was made of.
///
/// It takes the members in the order in which they are written and in no other. What it gives is written again and
/// compared by the caller, so it need not doubt every byte.
struct EventLineReader {
    private let line: UnsafeRawBufferPointer
    private var place = 0

    /// The row of a line, and the leaf's hash that stands in it; nil when the line has another form.
    static func read(_ line: UnsafeRawBufferPointer) -> (event: StoredEvent, leafHash: [UInt8])? {
        var reader = EventLineReader(line: line)
        return reader.read()
    }

    private init(line: UnsafeRawBufferPointer) { self.line = line }

    /// Whether a line begins like an event's: its id is a number.
    static func isEvent(_ line: UnsafeRawBufferPointer) -> Bool { position(of: line) != nil }

    /// The position of an event's line; nil for other lines.
    static func position(of line: UnsafeRawBufferPointer) -> Int64? {
        var reader = EventLineReader(line: line)
        guard reader.take("{\"specversion\":\"1.0\",\"id\":\""), let id = reader.quoted(), id.count < 20,
            id.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int64(String(decoding: id, as: UTF8.self))
    }

    private mutating func read() -> (event: StoredEvent, leafHash: [UInt8])? {
        guard take("{\"specversion\":\"1.0\",\"id\":\""), let position = number(), take("\",\"source\":\""),
            skipString(), take(",\"type\":\""), let type = quoted(), take(",\"subject\":\""), let stream = uuid(),
            take(",\"time\":\""), let time = quoted().flatMap({ Moment(rfc3339: String(decoding: $0, as: UTF8.self)) }),
            take(",\"datacontenttype\":\"application/json\",\"data\":"), let data = value(),
            take(",\"sequence\":\""), number() == position, take("\",\"streamversion\":"),
            let version = number().flatMap({ Int32(exactly: $0) }), take(",\"commandid\":\""), let command = uuid(),
            take(",\"meta\":\"")
        else { return nil }
        var meta: [UInt8] = []
        guard string(&meta) else { return nil }
        var secret: [UInt8]?
        var secretHash: [UInt8]?
        if take(",\"secret\":\"") {
            guard let text = quoted(), let bytes = Base64.decode([UInt8](text)) else { return nil }
            secret = bytes
        }
        if take(",\"secrethash\":\"") {
            guard let hash = hash() else { return nil }
            secretHash = hash
        }
        guard take(",\"leafhash\":\""), let leafHash = hash(), take("}"), place == line.count else { return nil }
        let event = StoredEvent(
            position: position, recordedAt: time, stream: StreamID(high: stream.0, low: stream.1), version: version,
            command: CommandID(high: command.0, low: command.1), type: String(decoding: type, as: UTF8.self),
            meta: meta, data: data, secret: secret, secretHash: secretHash)
        return (event, leafHash)
    }

    private mutating func take(_ literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard line.count - place >= count, let base = line.baseAddress,
            memcmp(base + place, literal.utf8Start, count) == 0
        else { return false }
        place += count
        return true
    }

    private mutating func number() -> Int64? {
        var value: Int64 = 0
        let start = place
        while place < line.count, (0x30...0x39).contains(line[place]), place - start < 19 {
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowed) = product.addingReportingOverflow(Int64(line[place] - 0x30))
            guard !overflows, !overflowed else { return nil }
            value = sum
            place += 1
        }
        return place == start ? nil : value
    }

    /// What stands before the next quotation mark, which is passed.
    private mutating func quoted() -> UnsafeRawBufferPointer? {
        guard let base = line.baseAddress, let end = memchr(base + place, 0x22, line.count - place) else { return nil }
        let start = place
        place = UnsafeRawPointer(end) - base + 1
        return UnsafeRawBufferPointer(rebasing: line[start..<(place - 1)])
    }

    private mutating func uuid() -> (UInt64, UInt64)? {
        guard let text = quoted(), let id = StreamID(String(decoding: text, as: UTF8.self)) else { return nil }
        return (id.high, id.low)
    }

    private mutating func hash() -> [UInt8]? {
        guard let text = quoted(), text.count == 64 else { return nil }
        return Hex.decode(String(decoding: text, as: UTF8.self))
    }

    private mutating func skipString() -> Bool {
        var text: [UInt8] = []
        return string(&text)
    }

    /// The rest of a string behind its opening quotation mark, escapes resolved.
    private mutating func string(_ text: inout [UInt8]) -> Bool {
        text.reserveCapacity(256)
        while place < line.count {
            let byte = line[place]
            place += 1
            if byte == 0x22 { return true }
            guard byte == 0x5C else {
                text.append(byte)
                continue
            }
            guard place < line.count else { return false }
            let escaped = line[place]
            place += 1
            switch escaped {
            case 0x22, 0x5C: text.append(escaped)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "u"):
                guard line.count - place >= 4,
                    let code = UInt8(String(decoding: line[place..<(place + 4)], as: UTF8.self), radix: 16)
                else { return false }
                text.append(code)
                place += 4
            default: return false
            }
        }
        return false
    }

    /// The bytes of an object, up to the brace that closes it.
    private mutating func value() -> [UInt8]? {
        let start = place
        guard place < line.count, line[place] == UInt8(ascii: "{") else { return nil }
        var depth = 0
        while place < line.count {
            let byte = line[place]
            place += 1
            switch byte {
            case 0x22:
                while place < line.count, line[place] != 0x22 { place += line[place] == 0x5C ? 2 : 1 }
                place += 1
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return [UInt8](line[start..<place]) }
            default: break
            }
        }
        return nil
    }
}
