import Glibc
import Logging
import StrictJSON
import Testing

@testable import AccountLedger

@Suite("Terminal") struct TerminalTests {
    @Test func `a table is aligned on a terminal and tabbed elsewhere`() {
        var table = Table(["A", "B"])
        table.append(["longer", "1"])
        #expect(table.lines(isTerminal: true, hasColour: false) == ["A       B", "longer  1"])
        #expect(table.lines(isTerminal: false, hasColour: false) == ["longer\t1"])
    }

    @Test(arguments: [(nil, "xterm", true), ("1", "xterm", false), ("", "xterm", true), (nil, "dumb", false)])
    func `colour keeps to NO_COLOR and TERM`(noColour: String?, term: String, expected: Bool) {
        #expect(Output.allowsColour(noColour: noColour, term: term) == expected)
    }

    @Test func `control characters do not reach the terminal`() {
        #expect(printable("a\u{1B}[31mb\u{9B}c\n") == "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}")
    }

    @Test func `an event is one line`() throws {
        let event: JSONObject = [
            "sequence": "12", "time": "2026-01-02T03:04:05.678901Z", "type": "backup.replaced.v1", "subject": "s",
            "streamversion": 3, "meta": "{\"actor\":{\"id\":\"x\",\"kind\":\"account\"},\"door\":\"native\"}",
        ]
        #expect(
            EventLine.text(event, hasColour: false)
                == "      12  2026-01-02T03:04:05.678  backup.replaced.v1            s v3  account x  native")
    }

    @Test func `a log line is one JSON object, and is dropped rather than waited for`() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer {
            close(ends[0])
            close(ends[1])
        }
        let output = LogOutput(descriptor: ends[1])
        let logger = Logger(label: "test") {
            LineLogHandler(label: $0, level: .info, isReadable: false, output: output)
        }
        logger.info("first", metadata: ["key": "a \"quoted\"\nvalue"])
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let line = buffer[..<read(ends[0], &buffer, buffer.count)]
        #expect(line.last == 0x0A)
        let object = try #require(try JSONReader.read(Array(line)).objectValue)
        #expect(object["message"]?.stringValue == "first")
        #expect(object["key"]?.stringValue == "a \"quoted\"\nvalue")
        #expect(object["level"]?.stringValue == "info")

        // Nobody reads: the pipe fills up, and logging still returns.
        let long = String(repeating: "x", count: 3000)
        for _ in 0..<100 { logger.info("more", metadata: ["text": "\(long)"]) }
        // Once somebody reads again, a line says how many were dropped before it.
        var text: [UInt8] = []
        var told: Int?
        while told == nil {
            logger.info("again")
            text += buffer[..<read(ends[0], &buffer, buffer.count)]
            while let end = text.firstIndex(of: 0x0A) {
                let object = try JSONReader.read(Array(text[..<end])).objectValue
                told = told ?? object?["dropped_lines"]?.stringValue.flatMap { Int($0) }
                text.removeSubrange(...end)
            }
        }
        #expect(told ?? 0 > 0)
    }

    @Test(arguments: [
        ("http://a", "http://a"), ("http://a:8080/", "http://a:8080"), ("https://a:443", "https://a"),
        ("http://[::1]:80", "http://[::1]"),
    ])
    func `an address of the service is read`(text: String, shown: String) {
        #expect(ServiceURL(text)?.description == shown)
    }

    @Test func `paths and queries are encoded`() {
        #expect(
            RequestPath.make(["v1", "a b/ä"], [("x", "1&2"), ("y", nil)]) == "/v1/a%20b%2F%C3%A4?x=1%262")
    }
}
