import AccountDomain
import EventCoding
import StrictJSON
import Testing
import Transparency

@testable import LogExport

@Suite struct `Lines of an export` {
    /// Rows of every shape: with and without box, purged, with odd characters in `meta`.
    private static func events(_ count: Int64) -> [StoredEvent] {
        var generator = SystemRandomNumberGenerator()
        return (1...count).map { position in
            let secret = (0..<Int(position % 70)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let boxed = position % 3 != 0
            let meta = position % 2 == 0 ? #"{"door":"native","x":"a\"\\b\u0001ü€"}"# : "{}"
            let data = #"{"a":[1,{"b":"}\"]"}],"n":\#(position),"s":"a/b\\"}"#
            return StoredEvent(
                position: position,
                recordedAt: Moment(microseconds: 1_700_000_000_000_000 + position / 4 * 1_000_003 + position % 4),
                stream: StreamID.random(using: &generator), version: Int32(position),
                command: CommandID.random(using: &generator), type: "backup.replaced.v1", meta: Array(meta.utf8),
                data: Array(data.utf8), secret: boxed && position % 5 != 0 ? secret : nil,
                secretHash: boxed ? Digest.sha256(of: secret).bytes : nil)
        }
    }

    @Test func `an event is read back as the row it was`() throws {
        let lines = CloudEventLines(origin: "log \"of\" example.org/1")
        for event in Self.events(300) {
            let line = lines.text(event)
            let read = try #require(line.withUnsafeBytes { EventLineReader.read($0) })
            #expect(read.event == event && read.leafHash == event.leafHash.bytes)
            #expect(line.withUnsafeBytes { EventLineReader.position(of: $0) } == event.position)
            // It is JSON for everybody else too.
            let json = try #require(try JSONReader.read(line).objectValue)
            #expect(json["meta"]?.stringValue.map { Array($0.utf8) } == event.meta)
            #expect(json["time"]?.stringValue == event.recordedAt.description)
            #expect(json["secret"]?.stringValue.flatMap { Base64.decode($0) } == event.secret)
            #expect(json["subject"]?.stringValue == event.stream.description)
            #expect(json["commandid"]?.stringValue == event.command.description)
        }
    }

    @Test func `times before 1970 and at its seconds' ends are written as RFC 3339 wants`() throws {
        let lines = CloudEventLines(origin: "x")
        for microseconds in [-1, 0, 1, 999_999, 1_000_000, -1_000_000, 253_402_300_799_999_999] as [Int64] {
            var event = try #require(Self.events(1).first)
            event.recordedAt = Moment(microseconds: microseconds)
            let json = try JSONReader.read(lines.text(event)).objectValue
            #expect(json?["time"]?.stringValue == event.recordedAt.description)
        }
    }

    @Test func `a line in another order, or with anything more, is not taken`() throws {
        let event = try #require(Self.events(1).first)
        let line = String(decoding: CloudEventLines(origin: "x").text(event), as: UTF8.self)
        let changed = [
            line.replacing("\"sequence\":\"1\",", with: ""), line + " ", " " + line, String(line.dropLast()),
            line.replacing("\"id\":\"1\"", with: "\"id\":1"),
            line.replacing("\"sequence\":\"1\"", with: "\"sequence\":\"2\""),
            line.replacing("\"subject\":\"", with: "\"subject\":\"x"), line.replacing("}", with: ""),
        ]
        for text in changed {
            #expect(Array(text.utf8).withUnsafeBytes { EventLineReader.read($0) } == nil, "\(text)")
        }
    }

    @Test func `records are read back as they were`() throws {
        let stream = StreamID(high: 1, low: 2)
        let records: [ExportRecord] = [
            .header(.init(origin: "a", log: 0, masterCheck: [1, 2], openedAt: Moment(microseconds: 5))),
            .blob(.init(stream: stream, hash: [UInt8](repeating: 7, count: 32), body: [1, 2, 3])),
            .epoch(.init(number: 1, checkValue: [9], openedAt: Moment(microseconds: 1), retiredAt: nil)),
            .epoch(
                .init(
                    number: 2, checkValue: [9], openedAt: Moment(microseconds: 1), retiredAt: Moment(microseconds: 2))),
            .key(.init(stream: stream, epoch: 1, wrapped: [1], destroyedAt: nil)),
            .key(.init(stream: stream, epoch: 1, wrapped: nil, destroyedAt: Moment(microseconds: 3))),
            .reservation(.init(namespace: 3, keyHash: [4], stream: stream, position: 8)),
            .quota(.init(owner: stream, used: 3, maximum: nil)), .quota(.init(owner: stream, used: 3, maximum: 4)),
            .closing(
                .init(
                    position: 9, epochs: 1, keys: 2, reservations: 3, quotas: 4, note: "a\nb\n",
                    subtrees: [.init(hash: [1], level: 3)])),
        ]
        for record in records {
            let line = record.line(origin: "a", number: 1)
            #expect(line.last == 0x0A && ExportRecord(line: Array(line.dropLast())) == record)
        }
    }

    @Test func `the names of blobs are found wherever they stand`() {
        let (one, two) = (String(repeating: "ab", count: 32), String(repeating: "cd", count: 32))
        let data = #"{"blob":"\#(one)","deep":[{"old_blob":"\#(two)"}],"blobby":"\#(two)","sha256":"\#(two)"}"#
        #expect(NamedBlobs.find(in: Array(data.utf8)) == [Hex.decode(one), Hex.decode(two)])
        #expect(NamedBlobs.find(in: Array(#"{"blob":"short"}"#.utf8)).isEmpty)
    }

    @Test func `from any size to any other, the subtrees between lead to the larger tree's root`() {
        let leaves = (0..<70).map { TreeHash.leaf([UInt8($0)]) }
        for from in 0...70 {
            var older = MerkleFrontier()
            for leaf in leaves[..<from] { older.append(leaf) }
            for to in from...70 {
                var edge = ExtendingEdge(from: Int64(from))
                for leaf in leaves[from..<to] { edge.append(leaf) }
                var extended = older
                for subtree in edge.subtrees { extended.append(subtree: subtree.hash, level: subtree.level) }
                var newer = MerkleFrontier()
                for leaf in leaves[..<to] { newer.append(leaf) }
                #expect(extended == newer, "\(from) to \(to)")
            }
        }
    }
}
