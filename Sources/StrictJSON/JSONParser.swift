/// One pass over the bytes of a text that is known to be UTF-8.
///
/// Every step moves `index` forward and every access is checked against the count, so no input traps.
struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let isASCII: Bool
    private let limits: JSONLimits
    private var index = 0
    private var depth = 0
    private var values = 0
    /// Where strings with escapes are put together; kept between them.
    private var scratch: [UInt8] = []

    init(bytes: UnsafeBufferPointer<UInt8>, isASCII: Bool, limits: JSONLimits) {
        self.bytes = bytes
        self.isASCII = isASCII
        self.limits = limits
    }

    /// The whole text: a value between blanks.
    mutating func parseText() throws(JSONError) -> JSONValue {
        skipBlanks()
        guard index < bytes.count else { throw malformed("empty text") }
        let value = try parseValue()
        skipBlanks()
        guard index == bytes.count else { throw malformed("text after the value") }
        return value
    }

    // MARK: Values

    private mutating func parseValue() throws(JSONError) -> JSONValue {
        values &+= 1
        guard values <= limits.values else { throw .tooLarge(offset: index, reason: "too many values") }
        guard let byte = peek() else { throw malformed("unexpected end") }
        switch byte {
        case UInt8(ascii: "\""):
            return .string(try parseString(longest: limits.stringBytes, tooLong: "string too long"))
        case UInt8(ascii: "{"): return .object(try parseObject())
        case UInt8(ascii: "["): return .array(try parseArray())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        default: throw malformed("no value")
        }
    }

    private mutating func parseArray() throws(JSONError) -> [JSONValue] {
        try open()
        var elements: [JSONValue] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) {
            depth &-= 1
            return elements
        }
        while true {
            guard elements.count < limits.elements else {
                throw .tooLarge(offset: index, reason: "too many elements")
            }
            elements.append(try parseValue())
            skipBlanks()
            if try closes(with: UInt8(ascii: "]"), or: "no comma or end of array") {
                return elements
            }
        }
    }

    private mutating func parseObject() throws(JSONError) -> JSONObject {
        try open()
        var members: [JSONObject.Member] = []
        var seen = KeySet()
        skipBlanks()
        if take(UInt8(ascii: "}")) {
            depth &-= 1
            return JSONObject(distinct: members)
        }
        // Most objects have few members: one piece of memory instead of three, each larger than the last.
        members.reserveCapacity(4)
        while true {
            let start = index
            guard members.count < limits.members else { throw .tooLarge(offset: start, reason: "too many members") }
            guard peek() == UInt8(ascii: "\"") else { throw malformed("no key") }
            let key = try parseString(longest: limits.keyBytes, tooLong: "key too long")
            guard seen.insert(key, after: members) else { throw .duplicateKey(offset: start) }
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw malformed("no colon") }
            skipBlanks()
            members.append(JSONObject.Member(key: key, value: try parseValue()))
            skipBlanks()
            if try closes(with: UInt8(ascii: "}"), or: "no comma or end of object") {
                return JSONObject(distinct: members)
            }
        }
    }

    // MARK: Numbers

    private mutating func parseNumber() throws(JSONError) -> JSONValue {
        let start = index
        let negative = take(UInt8(ascii: "-"))
        let firstDigit = index
        // Counts downwards: the lowest Int64 has no positive counterpart.
        var value: Int64? = 0
        while let digit = takeDigit() {
            guard index &- start <= limits.numberBytes else { throw numberTooLong(start) }
            value = value.flatMap { (soFar) -> Int64? in
                let (tenfold, overflow) = soFar.multipliedReportingOverflow(by: 10)
                let (lower, underflow) = tenfold.subtractingReportingOverflow(Int64(digit))
                return overflow || underflow ? nil : lower
            }
        }
        let digits = index &- firstDigit
        guard digits > 0 else { throw malformed("no digit") }
        guard digits == 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
            throw .malformed(offset: firstDigit, reason: "leading zero")
        }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try skipDigits(of: start)
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try skipDigits(of: start)
        }
        guard index &- start <= limits.numberBytes else { throw numberTooLong(start) }
        if isInteger, let value {
            if !negative, value != .min { return .integer(-value) }
            if negative, value != 0 { return .integer(value) }
        }
        return .number(String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<index]), as: UTF8.self))
    }

    private mutating func skipDigits(of start: Int) throws(JSONError) {
        guard takeDigit() != nil else { throw malformed("no digit") }
        while takeDigit() != nil {
            guard index &- start <= limits.numberBytes else { throw numberTooLong(start) }
        }
    }

    private mutating func takeDigit() -> UInt8? {
        guard let byte = peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        index &+= 1
        return byte &- UInt8(ascii: "0")
    }

    private func numberTooLong(_ start: Int) -> JSONError { .malformed(offset: start, reason: "number too long") }

    // MARK: Strings

    /// A string, with `index` at its opening quote.
    private mutating func parseString(longest: Int, tooLong: String) throws(JSONError) -> String {
        index &+= 1
        let start = index
        let end = UTF8Scan.endOfPlainRun(in: bytes, from: start)
        guard end &- start <= longest else { throw .tooLarge(offset: start, reason: tooLong) }
        index = end
        guard peek() == UInt8(ascii: "\"") else {
            return try parseEscapedString(from: start, longest: longest, tooLong: tooLong)
        }
        index &+= 1
        let plain = UnsafeBufferPointer(rebasing: bytes[start..<end])
        // What is known to be ASCII need not be looked through once more.
        if isASCII { return String(copying: UTF8Span(unchecked: plain.span, isKnownASCII: true)) }
        return String(decoding: plain, as: UTF8.self)
    }

    /// The rest of a string that has an escape at `index`, or that ends badly there.
    private mutating func parseEscapedString(
        from start: Int, longest: Int, tooLong: String
    ) throws(JSONError) -> String {
        scratch.removeAll(keepingCapacity: true)
        var runStart = start
        while true {
            scratch.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[runStart..<index]))
            guard scratch.count <= longest else { throw .tooLarge(offset: start, reason: tooLong) }
            guard let byte = peek() else { throw malformed("unexpected end") }
            switch byte {
            case UInt8(ascii: "\""):
                index &+= 1
                return String(decoding: scratch, as: UTF8.self)
            case UInt8(ascii: "\\"):
                index &+= 1
                try parseEscape()
            default: throw malformed("raw control character")
            }
            runStart = index
            index = UTF8Scan.endOfPlainRun(in: bytes, from: index)
        }
    }

    /// What follows a backslash, appended to the scratch.
    private mutating func parseEscape() throws(JSONError) {
        let start = index &- 1
        guard let byte = peek() else { throw malformed("unexpected end") }
        index &+= 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(byte)
        case UInt8(ascii: "b"): scratch.append(0x08)
        case UInt8(ascii: "f"): scratch.append(0x0C)
        case UInt8(ascii: "n"): scratch.append(0x0A)
        case UInt8(ascii: "r"): scratch.append(0x0D)
        case UInt8(ascii: "t"): scratch.append(0x09)
        case UInt8(ascii: "u"): try appendScalar(parseUnicodeEscape(from: start))
        default: throw .malformed(offset: start, reason: "unknown escape")
        }
    }

    /// The scalar of a `\u` escape, both halves of it when it is a pair, with `index` behind the `u`.
    private mutating func parseUnicodeEscape(from start: Int) throws(JSONError) -> UInt32 {
        let unit = try parseFourHexDigits()
        switch unit {
        case 0: throw .malformed(offset: start, reason: "NUL character")
        case 0xD800...0xDBFF:
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                throw .malformed(offset: start, reason: "lone surrogate")
            }
            let low = try parseFourHexDigits()
            guard (0xDC00...0xDFFF).contains(low) else { throw .malformed(offset: start, reason: "lone surrogate") }
            return 0x1_0000 &+ ((unit &- 0xD800) << 10) &+ (low &- 0xDC00)
        case 0xDC00...0xDFFF: throw .malformed(offset: start, reason: "lone surrogate")
        default: return unit
        }
    }

    private mutating func parseFourHexDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Hex.digit(byte) else { throw malformed("no hexadecimal digit") }
            value = value << 4 | UInt32(digit)
            index &+= 1
        }
        return value
    }

    /// Appends the UTF-8 of a scalar that is no surrogate.
    private mutating func appendScalar(_ scalar: UInt32) {
        guard let scalar = Unicode.Scalar(scalar) else { return }
        scratch.append(contentsOf: scalar.utf8)
    }

    // MARK: Bytes

    @inline(__always)
    private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        index &+= 1
        return true
    }

    @inline(__always)
    private mutating func skipBlanks() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index &+= 1 }
    }

    private mutating func open() throws(JSONError) {
        depth &+= 1
        guard depth <= limits.depth else { throw .tooLarge(offset: index, reason: "nesting too deep") }
        index &+= 1
    }

    /// Whether an array or object ends here; when not, `index` is at its next element.
    private mutating func closes(with bracket: UInt8, or reason: String) throws(JSONError) -> Bool {
        if take(bracket) {
            depth &-= 1
            return true
        }
        guard take(UInt8(ascii: ",")) else { throw malformed(reason) }
        skipBlanks()
        if peek() == bracket { throw malformed("trailing comma") }
        return false
    }

    private mutating func expect(_ literal: StaticString) throws(JSONError) {
        let end = index &+ literal.utf8CodeUnitCount
        guard end <= bytes.count,
            bytes[index..<end].elementsEqual(UnsafeBufferPointer(start: literal.utf8Start, count: end &- index))
        else { throw malformed("unknown literal") }
        index = end
    }

    private func malformed(_ reason: String) -> JSONError { .malformed(offset: index, reason: reason) }
}
