import Testing

@testable import Verification

@Suite struct StreamTableTests {
    @Test func `it keeps a number for each stream while it grows, and says when it is full`() {
        var table = StreamTable(slots: 4, maximumSlots: 64)
        for number in 1...48 {
            let fits = table.set(UInt64(number), UInt64(number % 3), Int32(number))
            #expect(fits)
        }
        let fits = table.set(0, 99, 1)
        #expect(!fits)
        #expect(table.count == 48)
        for number in 1...48 {
            #expect(table.value(UInt64(number), UInt64(number % 3)) == Int32(number))
            let fits = table.set(UInt64(number), UInt64(number % 3), Int32(number + 1))
            #expect(fits)
        }
        #expect(table.value(7, 1) == 8)
        #expect(table.value(7, 2) == 0)
        table.removeAll()
        #expect(table.value(7, 1) == 0)
    }
}
