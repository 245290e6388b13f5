import AccountDomain
import EventCoding
import StrictJSON
import Testing

/// A type of two older versions: the reason was called `why` in the box once, and before that stood nowhere.
@Suite("Upcasters") struct UpcasterTests {
    private static let chain = Upcasters([
        Upcaster(from: "account.blocked.older", to: "account.blocked.old") { parts in
            var parts = parts
            if case .opened = parts.box {
                var content = BoxContent()
                content.personal.set("why", "unknown")
                parts.box = .opened(content)
            }
            return parts
        },
        Upcaster(from: "account.blocked.old", to: "account.blocked.v1") { parts throws(EventCodingError) in
            var parts = parts
            if case .opened(let content) = parts.box {
                guard let why = content.personal.text("why") else { throw .malformed("why") }
                var newer = BoxContent()
                newer.personal.set("reason", why)
                parts.box = .opened(newer)
            }
            return parts
        },
    ])

    private func decode(_ type: String, _ box: EventBox) throws(EventCodingError) -> DecodedEvent {
        try EventCoding.decode(type: type, data: Array("{}".utf8), box: box, upcasters: Self.chain)
    }

    @Test func `an old version is lifted step by step`() throws {
        let blocked = DomainEvent.account(.lifecycle(.blocked(reason: Reason(stored: "unknown"))))
        #expect(try decode("account.blocked.older", .opened(BoxContent())) == .known(blocked))
        var content = BoxContent()
        content.personal.set("why", "spam")
        #expect(
            try decode("account.blocked.old", .opened(content))
                == .known(.account(.lifecycle(.blocked(reason: Reason(stored: "spam"))))))
    }

    @Test func `what is malformed is told by the step that finds it`() {
        #expect(throws: EventCodingError.malformed("why")) {
            try decode("account.blocked.old", .opened(BoxContent()))
        }
    }

    @Test func `the erased are a case of their own`() throws {
        // What happened stands in clear, and the reason is gone.
        #expect(
            try decode("account.blocked.older", .erased) == .known(.account(.lifecycle(.blocked(reason: nil)))))
        // Only the box could tell.
        #expect(try decode("name.changed.v1", .erased) == .erased)
    }

    @Test func `steps in a circle end with an error`() {
        let circle = Upcasters([Upcaster(from: "a", to: "b") { $0 }, Upcaster(from: "b", to: "a") { $0 }])
        #expect(throws: EventCodingError.self) {
            try EventCoding.decode(type: "a", data: Array("{}".utf8), box: .erased, upcasters: circle)
        }
    }
}
