import AccountDomain
import EventCoding
import Testing

@testable import PostgresLedger

@Suite("Stream cache") struct StreamCacheTests {
    private static func stream(_ number: UInt64) -> StreamID { StreamID(high: number, low: number) }

    private func entry(_ version: Int32, _ commands: CommandIndex) -> StreamEntry {
        StreamEntry(version: version, aggregate: .empty, key: nil, commands: commands, loadedAt: 0)
    }

    @Test func `it stays within its bound, however often streams are loaded, appended to with a key, and moved on`() {
        let cache = StreamCache(maximumBytes: 64 << 10)
        let stream = Self.stream(0)
        for round in 0..<1_000 {
            let commands = CommandIndex()
            let version = Int32(round)
            cache.beginLoading(stream)
            _ = cache.finishLoading(stream, entry(version * 2 + 1, commands))
            let command = CommandID(version4From: UInt64(round), 0)
            commands.note(command, fingerprint: Digest.sha256(of: []), version: version * 2 + 2)
            _ = cache.appended([(stream, entry(version * 2 + 2, commands))], head: 0, newHead: 0)
            // Another gateway appends to it.
            cache.advance(from: 0, to: 0, events: [(stream, version * 2 + 3)])
        }
        #expect(cache.count == 0)
        var most = 0
        for number in 1...1_000 {
            let stream = Self.stream(UInt64(number))
            cache.beginLoading(stream)
            _ = cache.finishLoading(stream, entry(1, CommandIndex()))
            most = max(most, cache.count)
        }
        #expect(most <= (64 << 10) / 512 + 2)
    }
}
