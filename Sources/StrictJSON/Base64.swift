/// Base64 (RFC 4648, section 4), in its one canonical spelling.
public enum Base64 {
    /// The text of `bytes`.
    ///
    /// Without `padded` the `=` at the end are left out.
    public static func encode(_ bytes: [UInt8], padded: Bool = true) -> String {
        var text: [UInt8] = []
        bytes.withUnsafeBufferPointer { append($0, to: &text) }
        if !padded {
            while text.last == padding { text.removeLast() }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that `text` stands for, nil unless it is spelt exactly as `encode` spells them.
    ///
    /// Blanks, the URL alphabet, missing or surplus padding and stray bits in the last digit are all refused, so two
    /// different texts never mean the same bytes.
    public static func decode(_ text: String, padded: Bool = true) -> [UInt8]? {
        var text = text
        return text.withUTF8 { decode($0, padded: padded) }
    }

    /// The bytes that `text` stands for, nil unless it is spelt exactly as `encode` spells them.
    public static func decode(_ text: [UInt8], padded: Bool = true) -> [UInt8]? {
        text.withUnsafeBufferPointer { decode($0, padded: padded) }
    }

    private static let padding = UInt8(ascii: "=")
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    /// What a character that is no digit stands for: larger than any digit, whatever it is combined with.
    private static let noDigit: UInt8 = 0xFF
    /// The value of each character.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: noDigit, count: 256)
        for digit in 0..<64 { values[Int(alphabet.utf8Start[digit])] = UInt8(digit) }
        return values
    }()

    /// Appends the padded text of `bytes` to `text`.
    static func append(_ bytes: UnsafeBufferPointer<UInt8>, to text: inout [UInt8]) {
        let start = text.count
        let count = bytes.count
        text.append(contentsOf: repeatElement(padding, count: (count &+ 2) / 3 &* 4))
        let digits = alphabet.utf8Start
        text.withUnsafeMutableBufferPointer { text in
            var input = 0
            var output = start
            while input &+ 3 <= count {
                let group = Int(bytes[input]) << 16 | Int(bytes[input &+ 1]) << 8 | Int(bytes[input &+ 2])
                text[output] = digits[group >> 18]
                text[output &+ 1] = digits[group >> 12 & 0x3F]
                text[output &+ 2] = digits[group >> 6 & 0x3F]
                text[output &+ 3] = digits[group & 0x3F]
                input &+= 3
                output &+= 4
            }
            guard input < count else { return }
            let isPair = input &+ 1 < count
            let group = Int(bytes[input]) << 8 | (isPair ? Int(bytes[input &+ 1]) : 0)
            text[output] = digits[group >> 10]
            text[output &+ 1] = digits[group >> 4 & 0x3F]
            if isPair { text[output &+ 2] = digits[group << 2 & 0x3F] }
        }
    }

    private static func decode(_ text: UnsafeBufferPointer<UInt8>, padded: Bool) -> [UInt8]? {
        var digits = text.count
        if padded {
            guard digits % 4 == 0 else { return nil }
            if digits > 0, text[digits &- 1] == padding { digits &-= 1 }
            if digits > 0, digits % 4 == 3, text[digits &- 1] == padding { digits &-= 1 }
        }
        let left = digits % 4
        guard left != 1 else { return nil }
        let whole = digits &- left
        let count = digits / 4 &* 3 &+ (left == 0 ? 0 : left &- 1)
        var isValid = true
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            initialized = values.withUnsafeBufferPointer { values in
                var all: UInt8 = 0
                var output = 0
                for input in stride(from: 0, to: whole, by: 4) {
                    let (a, b) = (values[Int(text[input])], values[Int(text[input &+ 1])])
                    let (c, d) = (values[Int(text[input &+ 2])], values[Int(text[input &+ 3])])
                    all |= a | b | c | d
                    bytes.initializeElement(at: output, to: a << 2 | b >> 4)
                    bytes.initializeElement(at: output &+ 1, to: b << 4 | c >> 2)
                    bytes.initializeElement(at: output &+ 2, to: c << 6 | d)
                    output &+= 3
                }
                if left > 0 {
                    let (a, b) = (values[Int(text[whole])], values[Int(text[whole &+ 1])])
                    let c = left == 3 ? values[Int(text[whole &+ 2])] : 0
                    all |= a | b | c
                    bytes.initializeElement(at: output, to: a << 2 | b >> 4)
                    if left == 3 { bytes.initializeElement(at: output &+ 1, to: b << 4 | c >> 2) }
                    let strayBits = left == 3 ? c & 0x03 : b & 0x0F
                    isValid = strayBits == 0
                }
                isValid = isValid && all < 64
                return count
            }
        }
        return isValid ? bytes : nil
    }
}
