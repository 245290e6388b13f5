import Testing

@testable import Projector

@Suite struct ReadSizeTests {
    @Test func `reads of small rows grow to the most`() {
        var size = ReadSize(atMost: 10_000, bytes: 8 << 20)
        #expect(size.rows == 256)
        for _ in 0..<8 { size.note(rows: Int(size.rows), bytes: Int(size.rows) * 500) }
        #expect(size.rows == 10_000)
    }

    @Test func `reads of large rows shrink to what has room, and grow again step by step`() {
        var size = ReadSize(atMost: 10_000, bytes: 8 << 20)
        for _ in 0..<8 { size.note(rows: Int(size.rows), bytes: Int(size.rows) * 500) }
        size.note(rows: 10_000, bytes: 10_000 << 16)
        #expect(size.rows == 128)
        size.note(rows: 128, bytes: 128 * 500)
        #expect(size.rows == 256)
    }

    @Test func `a read without rows says nothing, and the most is never passed`() {
        var size = ReadSize(atMost: 7, bytes: 8 << 20)
        size.note(rows: 0, bytes: 100)
        #expect(size.rows == 7)
        size.note(rows: 7, bytes: 70)
        #expect(size.rows == 7)
    }
}
