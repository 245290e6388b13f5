import StrictJSON
import Testing

@Suite struct `The reader of JSON` {
    static let accepted: [(String, JSONValue)] = [
        ("null", .null),
        (" \t\r\n true \n", true),
        ("false", false),
        ("0", 0),
        ("-1", -1),
        ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number("9223372036854775808")),
        ("-9223372036854775809", .number("-9223372036854775809")),
        ("-0", .number("-0")),
        ("1.0", .number("1.0")),
        ("1.5", .number("1.5")),
        ("1e2", .number("1e2")),
        ("-0.0E-07", .number("-0.0E-07")),
        ("1e400", .number("1e400")),
        (String(repeating: "9", count: 64), .number(String(repeating: "9", count: 64))),
        (#""""#, ""),
        (#""abc""#, "abc"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (#""\u0041\u00e9\u20AC\uD83D\ude00""#, "Aé€😀"),
        (#""é€😀 plain text that is longer than a word""#, "é€😀 plain text that is longer than a word"),
        (#""12345678\n12345678901234567\u0001z""#, "12345678\n12345678901234567\u{1}z"),
        ("\"\u{7F}\u{FEFF}\u{FFFF}\u{10FFFF}\"", "\u{7F}\u{FEFF}\u{FFFF}\u{10FFFF}"),
        ("[]", []),
        ("[ ]", []),
        ("[1 , \"a\",[null]]", [1, "a", [.null]]),
        ("{}", [:]),
        (#"{ "a" : 1 , "b" : { } }"#, ["a": 1, "b": [:]]),
        (#"{"":1,"a":2,"A":3}"#, ["": 1, "a": 2, "A": 3]),
        (String(repeating: "[", count: 32) + String(repeating: "]", count: 32), nested(32)),
    ]

    @Test(arguments: accepted)
    func `takes what RFC 8259 allows`(text: String, value: JSONValue) throws {
        #expect(try JSONReader.read(Array(text.utf8)) == value)
    }

    static let refused: [(String, String)] = [
        ("", "empty text"),
        (" \n", "empty text"),
        ("\u{FEFF}{}", "byte-order mark"),
        ("{\"a\":1,}", "trailing comma"),
        ("[1,]", "trailing comma"),
        ("[1 2]", "no comma or end of array"),
        ("[,1]", "no value"),
        ("[1", "no comma or end of array"),
        ("[", "unexpected end"),
        ("{", "no key"),
        ("{\"a\"", "no colon"),
        ("{\"a\":", "unexpected end"),
        ("{\"a\":1", "no comma or end of object"),
        ("{a:1}", "no key"),
        ("{'a':1}", "no key"),
        ("{1:1}", "no key"),
        ("// note\n1", "no value"),
        ("/* note */1", "no value"),
        ("1 // note", "text after the value"),
        ("1 2", "text after the value"),
        ("{}}", "text after the value"),
        ("nul", "unknown literal"),
        ("True", "no value"),
        ("truE", "unknown literal"),
        ("NaN", "no value"),
        ("Infinity", "no value"),
        ("-Infinity", "no digit"),
        ("+1", "no value"),
        (".5", "no value"),
        ("1.", "no digit"),
        ("1.e1", "no digit"),
        ("1e", "no digit"),
        ("1e+", "no digit"),
        ("1e+-1", "no digit"),
        ("-", "no digit"),
        ("01", "leading zero"),
        ("-01", "leading zero"),
        ("00", "leading zero"),
        ("0x10", "text after the value"),
        (String(repeating: "9", count: 65), "number too long"),
        ("1." + String(repeating: "0", count: 100), "number too long"),
        ("\"a", "unexpected end"),
        ("\"a\\", "unexpected end"),
        ("\"a\\\"", "unexpected end"),
        ("\"\\x41\"", "unknown escape"),
        ("\"\\U0041\"", "unknown escape"),
        ("\"\\u00g0\"", "no hexadecimal digit"),
        ("\"\\u00", "no hexadecimal digit"),
        ("\"a\\u0000b\"", "NUL character"),
        ("{\"a\\u0000\":1}", "NUL character"),
        ("\"\u{0}\"", "raw control character"),
        ("\"a\nb\"", "raw control character"),
        ("\"12345678\t\"", "raw control character"),
        ("\"\u{1F}\"", "raw control character"),
        ("\u{0}1", "no value"),
        ("\"\\ud800\"", "lone surrogate"),
        ("\"\\udc00\"", "lone surrogate"),
        ("\"\\ud800x\"", "lone surrogate"),
        ("\"\\ud800\\n\"", "lone surrogate"),
        ("\"\\ud800\\ud800\"", "lone surrogate"),
        ("\"\\ud83d\\u0041\"", "lone surrogate"),
    ]

    @Test(arguments: refused)
    func `refuses what readers disagree about, and what is wrong`(text: String, reason: String) {
        let error = #expect(throws: JSONError.self) { try JSONReader.read(Array(text.utf8)) }
        guard case .malformed(let offset, let found) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(found == reason)
        #expect(offset >= 0 && offset <= text.utf8.count)
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0xAF], [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0xAF], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
            [0xFF],
            [0xE2, 0x82, 0x41], [0xF0, 0x9F, 0x98, 0x41],
        ] as [[UInt8]])
    func `refuses what is no UTF-8, in values, in keys, and outside`(sequence: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let value = [quote] + Array("padding".utf8) + sequence + [quote]
        #expect(throws: JSONError.malformed(offset: 8, reason: "invalid UTF-8")) { try JSONReader.read(value) }
        let key = Array("{".utf8) + value + Array(":1}".utf8)
        #expect(throws: JSONError.malformed(offset: 9, reason: "invalid UTF-8")) { try JSONReader.read(key) }
        #expect(throws: JSONError.malformed(offset: 0, reason: "invalid UTF-8")) { try JSONReader.read(sequence) }
    }

    @Test func `refuses UTF-16`() {
        let littleEndian: [UInt8] = [0xFF, 0xFE, 0x7B, 0, 0x7D, 0]
        #expect(throws: JSONError.self) { try JSONReader.read(littleEndian) }
        #expect(throws: JSONError.self) { try JSONReader.read(Array(littleEndian.dropFirst(2))) }
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, 7),
        (#"{"a":1,"\u0061":2}"#, 7),
        (#"{"a":1,"b":{"c":1,"c":1}}"#, 18),
        (#"{"":1,"":1}"#, 6),
        (#"{"0":0,"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"9":1}"#, 61),
        (#"{"0":0,"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"0":1}"#, 61),
        ("{\"\u{E9}\":1,\"e\u{301}\":2}", 8),
    ])
    func `refuses a repeated key`(text: String, offset: Int) {
        #expect(throws: JSONError.duplicateKey(offset: offset)) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func `the same key may stand in different objects`() throws {
        let text = #"[{"a":1},{"a":{"a":2}}]"#
        #expect(try JSONReader.read(Array(text.utf8)) == [["a": 1], ["a": ["a": 2]]])
    }

    @Test(arguments: [33, 512, 100_000])
    func `refuses to nest too deep`(depth: Int) {
        for bracket in ["[", "{\"a\":"] {
            let text = String(repeating: bracket, count: depth)
            let error = #expect(throws: JSONError.self) { try JSONReader.read(Array(text.utf8)) }
            #expect(error == .tooLarge(offset: bracket.utf8.count * 32, reason: "nesting too deep"))
        }
    }

    @Test func `no limit is deep enough for the stack to end`() {
        let text = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(throws: JSONError.self) { try JSONReader.read(text, limits: JSONLimits(depth: .max)) }
    }

    @Test(arguments: [
        (#""12345""#, "string too long"), (#""\t2345""#, "string too long"), (#"{"1234":1}"#, "key too long"),
        (#"{"\n234":1}"#, "key too long"), (#"{"a":1,"b":2,"c":3}"#, "too many members"),
        ("[1,2,3,4]", "too many elements"), ("[[1],[2],[3]]", "too many values"),
    ])
    func `refuses what exceeds a limit`(text: String, reason: String) {
        let limits = JSONLimits(stringBytes: 4, keyBytes: 3, members: 2, elements: 3, values: 6)
        let error = #expect(throws: JSONError.self) { try JSONReader.read(Array(text.utf8), limits: limits) }
        guard case .tooLarge(_, reason) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    @Test func `takes what just keeps within the limits`() throws {
        let limits = JSONLimits(stringBytes: 4, keyBytes: 3, members: 2, elements: 3, values: 6)
        for text in [#""1234""#, #""\t234""#, #"{"123":1,"b":2}"#, "[1,2,3]", "[[1],[2],3]"] {
            _ = try JSONReader.read(Array(text.utf8), limits: limits)
        }
    }

    @Test func `reads an object of a million keys`() throws {
        var writer = JSONWriter(reservingCapacity: 16 << 20)
        writer.beginObject()
        for number in 0..<1_000_000 {
            writer.key("k\(number)")
            writer.integer(number)
        }
        writer.endObject()
        let limits = JSONLimits(members: 1_000_000, values: 1_000_001)
        let object = try #require(try JSONReader.read(writer.bytes, limits: limits).objectValue)
        #expect(object.count == 1_000_000)
        #expect(object["k999999"] == 999_999)
        #expect(throws: JSONError.self) { try JSONReader.read(writer.bytes) }
    }

    @Test func `reads a key of a megabyte in one piece, or refuses it`() throws {
        let key = String(repeating: "k", count: 1 << 20)
        let text = Array("{\"\(key)\":1}".utf8)
        #expect(throws: JSONError.tooLarge(offset: 2, reason: "key too long")) { try JSONReader.read(text) }
        #expect(try JSONReader.read(text, limits: JSONLimits(keyBytes: 1 << 20)).objectValue?[key] == 1)
    }

    @Test func `an error never repeats the text`() {
        let error = #expect(throws: JSONError.self) { try JSONReader.read(Array(#"{"password":"hunter2" x}"#.utf8)) }
        #expect(error?.description == "no comma or end of object at byte 22")
    }

    private static func nested(_ depth: Int) -> JSONValue {
        (1..<depth).reduce([]) { value, _ in [value] }
    }
}
