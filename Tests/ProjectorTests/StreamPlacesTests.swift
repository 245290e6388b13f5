import AccountDomain
import Testing

@testable import Projector

@Suite struct `Places of streams` {
    /// Ids that were drawn, ids that differ in the last bits only, and ids that differ in the first ones only.
    private static var streams: [StreamID] {
        var generator = SystemRandomNumberGenerator()
        return (0..<5_000).map { _ in StreamID.random(using: &generator) }
            + (0..<5_000).map { StreamID(high: 7, low: UInt64($0)) }
            + (0..<5_000).map { StreamID(high: UInt64($0) << 50, low: 7) }
    }

    @Test func `each stream is found where it was put, while the table grows`() {
        let streams = Self.streams
        var places = StreamPlaces()
        for (place, stream) in streams.enumerated() {
            #expect(places.find(stream, isThere: { streams[$0] == stream }) == nil)
            places.insert(stream, at: place) { streams[$0] }
        }
        for (place, stream) in streams.enumerated() {
            #expect(places.find(stream, isThere: { streams[$0] == stream }) == place)
        }
    }

    @Test func `what looks like a stream in the table is not taken for it`() {
        let stream = StreamID(high: 1, low: 2)
        var places = StreamPlaces()
        places.insert(stream, at: 0) { _ in stream }
        #expect(places.find(stream, isThere: { _ in false }) == nil)
        // The same bits in either half mix to the same word.
        let other = StreamID(high: 2, low: 1)
        #expect(places.find(other, isThere: { _ in false }) == nil)
        places.insert(other, at: 1) { [stream, other][$0] }
        #expect(places.find(other, isThere: { $0 == 1 }) == 1)
        #expect(places.find(stream, isThere: { $0 == 0 }) == 0)
    }
}
