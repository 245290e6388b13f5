import StrictJSON

/// Repeatable random numbers (SplitMix64), so a failing case can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(upTo longest: Int) -> [UInt8] {
        (0..<Int.random(in: 0...longest, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    /// A text of up to 20 characters of all lengths and of every kind of escape, without NUL.
    mutating func text() -> String {
        let ranges: [ClosedRange<UInt32>] = [
            1...0x1F, 0x20...0x7F, 0x20...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x1_0000...0x10_FFFF,
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0...20, using: &self) {
            let range = ranges[Int.random(in: ranges.indices, using: &self)]
            let code = UInt32.random(in: range, using: &self)
            if let scalar = Unicode.Scalar(code) { text.unicodeScalars.append(scalar) }
        }
        return text
    }

    mutating func value(depth: Int = 4) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &self) {
        case 0: return .null
        case 1: return .bool(.random(using: &self))
        case 2: return .integer(.random(in: -1_000...1_000, using: &self))
        case 3: return .integer(.random(in: .min ... .max, using: &self))
        case 4: return .number("\(Int.random(in: 0...99, using: &self)).\(Int.random(in: 0...99, using: &self))e-3")
        case 5: return .string(text())
        case 6: return .array((0..<Int.random(in: 0...12, using: &self)).map { _ in value(depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...12, using: &self) { object.set(text(), to: value(depth: depth - 1)) }
            return .object(object)
        }
    }
}
