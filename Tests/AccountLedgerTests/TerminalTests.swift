import Glibc
import Logging
import StrictJSON
import Synchronization
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

@Suite("Progress") struct ProgressTests {
    /// A clock that is set by hand, and all that was written.
    private final class Stage: Sendable {
        private let contents: Mutex<(now: ContinuousClock.Instant, text: String)> = Mutex((.now, ""))

        var text: String { contents.withLock { $0.text } }
        var now: ContinuousClock.Instant { contents.withLock { $0.now } }
        func pass(_ duration: Duration) { contents.withLock { $0.now += duration } }
        func write(_ more: String) { contents.withLock { $0.text += more } }

        func line(isTerminal: Bool) -> ProgressLine {
            ProgressLine(
                "verified", unit: "events", isTerminal: isTerminal, now: { self.now }, write: { self.write($0) })
        }
    }

    private static let half = "verified [###############...............] 50 %  50/100 events"

    @Test func `on a terminal a bar is drawn over itself, ten times a second at most, and taken away or left`() {
        let stage = Stage()
        let line = stage.line(isTerminal: true)
        line.show(50, of: 100, rate: 25, secondsLeft: 2)
        let drawn = "\r\u{1B}[K\(Self.half)  25/s  2 s left"
        #expect(stage.text == drawn)
        stage.pass(.milliseconds(99))
        line.show(60, of: 100)
        #expect(stage.text == drawn)
        line.clear()
        #expect(stage.text == drawn + "\r\u{1B}[K")
        stage.pass(.milliseconds(1))
        line.show(100, of: 100)
        line.end()
        #expect(stage.text.hasSuffix("] 100 %  100/100 events  1000/s\n"), "\(stage.text)")
    }

    @Test func `elsewhere a line comes every five seconds and one at the end, with the rate and what is left`() {
        let stage = Stage()
        let line = stage.line(isTerminal: false)
        line.show(1, of: 100)
        #expect(stage.text == "", "what is over at once says nothing")
        stage.pass(.seconds(5))
        line.show(50, of: 100)
        #expect(stage.text == "\(Self.half)  10/s  6 s left\n")
        line.show(51, of: 100)
        stage.pass(.seconds(1))
        line.show(52, of: 100)
        line.end()
        line.clear()
        #expect(stage.text.split(separator: "\n").count == 2 && stage.text.contains("52/100"), "\(stage.text)")
        line.end()
        #expect(stage.text.split(separator: "\n").count == 2, "nothing is said twice")
    }

    @Test func `what nobody knows the number of is no fault`() {
        let stage = Stage()
        let line = stage.line(isTerminal: true)
        line.show(0, of: 0)
        stage.pass(.seconds(1))
        line.show(7, of: 3)
        #expect(stage.text.hasSuffix("7/7 events  7/s"), "\(stage.text)")
    }
}
