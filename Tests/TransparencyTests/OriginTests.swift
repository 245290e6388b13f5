import Testing
import Transparency

@Suite struct OriginTests {
    @Test func `an origin has the names that it had before`() {
        #expect(Origin.next(after: "example.org/log") == "example.org/log/2")
        #expect(Origin.next(after: "example.org/log/2") == "example.org/log/3")
        #expect(Origin.isOf(log: "example.org/log/3", "example.org/log"))
        #expect(Origin.isOf(log: "example.org/log/3", "example.org/log/2"))
        #expect(!Origin.isOf(log: "example.org/log", "example.org/log/2"))
        #expect(!Origin.isOf(log: "example.org/log/2", "example.com/log"))
        #expect(Origin.parts("example.org/log/02").number == 1)
    }
}
