import StrictJSON
import Testing

@Suite struct `The writer of JSON` {
    @Test func `puts the commas`() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("id")
        writer.string("a\"b")
        writer.key("empty")
        writer.beginArray()
        writer.endArray()
        writer.key("list")
        writer.beginArray()
        writer.integer(1)
        writer.bool(true)
        writer.null()
        writer.beginObject()
        writer.endObject()
        writer.raw(Array("[0]".utf8))
        writer.base64([0xFB, 0xFF])
        writer.hex([0xFB, 0x0F])
        writer.endArray()
        writer.key("last")
        writer.bool(false)
        writer.endObject()
        let expected = #"{"id":"a\"b","empty":[],"list":[1,true,null,{},[0],"+/8=","fb0f"],"last":false}"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test(arguments: [0, 1, -1, 9, 10, -10, 12_345, .max, .min] as [Int64])
    func `writes integers in full`(value: Int64) {
        var writer = JSONWriter()
        writer.integer(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == value.description)
    }

    @Test func `writes a number as it was read`() throws {
        var writer = JSONWriter()
        try writer.value(["a": .number("1.50"), "b": [.number("-0")]])
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a":1.50,"b":[-0]}"#)
    }

    @Test(arguments: ["", "1,2", "\"a\"", "01", "NaN"])
    func `writes no number that is none`(text: String) {
        var writer = JSONWriter()
        #expect(throws: JSONError.self) { try writer.value(.number(text)) }
    }

    @Test func `an object keeps its order, replaces in place, and finds by key`() {
        var object: JSONObject = ["b": 1, "a": 2]
        object.append("c", 3)
        object.set("b", to: 4)
        object.set("d", to: 5)
        #expect(Array(object.keys) == ["b", "a", "c", "d"])
        #expect(object["b"] == 4)
        #expect(object["e"] == nil)
        #expect(object.count == 4)
    }
}

@Suite struct `The canonical form` {
    @Test func `escapes strings as RFC 8785 does`() throws {
        let value: JSONValue = ["string": "\u{20ac}$\u{000F}\u{000a}A'\u{0042}\u{0022}\u{005c}\\\"/"]
        let bytes = try value.canonicalBytes()
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"string":"€$\u000f\nA'B\"\\\\\"/"}"#)
    }

    @Test func `escapes every control character in its shortest way, and nothing else`() throws {
        let short: [UInt32: String] = [8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"]
        for code in UInt32(1)..<0xA0 {
            let scalar = try #require(Unicode.Scalar(code))
            let hexadecimal = String(code, radix: 16)
            let escaped =
                switch code {
                case 0x22, 0x5C: "\\\(scalar)"
                case ..<0x20: short[code] ?? "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
                default: String(Character(scalar))
                }
            let bytes = try JSONValue.string(String(Character(scalar))).canonicalBytes()
            #expect(bytes == Array("\"\(escaped)\"".utf8))
        }
    }

    @Test func `sorts members by UTF-16 code units, as in the sample of RFC 8785`() throws {
        let value: JSONValue = [
            "\u{20ac}": "Euro Sign",
            "\r": "Carriage Return",
            "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One",
            "\u{1F600}": "Emoji: Grinning Face",
            "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis",
        ]
        let text = String(decoding: try value.canonicalBytes(), as: UTF8.self)
        let names = try #require(try JSONReader.read(Array(text.utf8)).objectValue).members.map(\.value)
        #expect(
            names == [
                "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign",
                "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
            ])
    }

    @Test func `sorts any keys as UTF-16 does`() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2_000 {
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...6, using: &random) { object.set(random.text(), to: .null) }
            let written = try JSONReader.read(object.canonicalBytes()).objectValue
            let sorted = object.keys.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
            #expect(written.map { Array($0.keys) } == sorted)
        }
    }

    @Test func `does not depend on the order of members`() throws {
        let one: JSONValue = ["b": [1, 2], "a": ["d": .null, "c": true]]
        let other: JSONValue = ["a": ["c": true, "d": .null], "b": [1, 2]]
        #expect(try one.canonicalBytes() == other.canonicalBytes())
        #expect(try one.canonicalBytes() == Array(#"{"a":{"c":true,"d":null},"b":[1,2]}"#.utf8))
    }

    @Test func `is refused to what has none`() {
        var repeated = JSONObject()
        repeated.append("a", 1)
        repeated.append("b", 1)
        repeated.append("a", 2)
        let values: [JSONValue] = [
            .number("1.0"), [.number("1e2")], .integer(9_007_199_254_740_992), .integer(.min), .object(repeated),
        ]
        for value in values {
            let error = #expect(throws: JSONError.self) { try value.canonicalBytes() }
            guard case .notCanonical = error else {
                Issue.record("another error: \(String(describing: error))")
                return
            }
        }
    }
}
