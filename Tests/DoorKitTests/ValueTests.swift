import DoorKit
import StrictJSON
import Synchronization
import Testing

@Suite("Values of DoorKit") struct ValueTests {
    @Test(arguments: [
        ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"), ("10.0.0.1", ["9.9.9.9, 1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9", "1.2.3.4, 10.1.1.1"], "1.2.3.4"), ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["rubbish, 1.2.3.4"], "1.2.3.4"), ("10.0.0.1", ["1.2.3.4, rubbish"], "10.0.0.1"),
        ("8.8.8.8", ["1.2.3.4"], "8.8.8.8"), ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
    ])
    func `only configured peers may name the client`(peer: String, forwarded: [String], client: String) throws {
        let proxies = try TrustedProxies(["10.0.0.0/8", "fd00::/8"])
        let address = try #require(NetworkAddress(peer))
        #expect(proxies.client(peer: address, forwarded: forwarded).description == client)
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0/8", "host", "10.0.0.0/8/8", "::/129", "10.0.0.0/-1"])
    func `a wrong range is named`(text: String) {
        #expect(throws: TrustedProxies.InvalidRange.self) { try TrustedProxies([text]) }
    }

    @Test func `an IPv6 client counts by its network`() throws {
        #expect(NetworkAddress("2001:db8::1")?.network == NetworkAddress("2001:db8::2")?.network)
        #expect(NetworkAddress("1.2.3.4")?.network != NetworkAddress("1.2.3.5")?.network)
    }

    @Test func `attempts run out and come back`() throws {
        let clock = Clock()
        let limiter = AttemptLimiter(attempts: 3, refillSeconds: 30, now: clock.read)
        for _ in 0..<3 { try limiter.take("alice") }
        #expect(limiter.secondsToWait(takingFor: "alice") == 30)
        #expect(limiter.secondsToWait(takingFor: "bob") == nil)
        clock.advance(seconds: 29)
        #expect(limiter.secondsToWait(takingFor: "alice") == 1)
        clock.advance(seconds: 1)
        try limiter.take("alice")
        #expect(throws: Problem.self) { try limiter.take("alice") }
        limiter.refund("alice")
        try limiter.take("alice")
    }

    @Test func `a limiter keeps a bounded number of keys, and the worst of them`() {
        let clock = Clock()
        let limiter = AttemptLimiter(attempts: 2, refillSeconds: 1_000, maximumKeys: 100, now: clock.read)
        for _ in 0..<2 { _ = limiter.secondsToWait(takingFor: "guesser") }
        for number in 0..<10_000 { _ = limiter.secondsToWait(takingFor: number) }
        #expect(limiter.secondsToWait(takingFor: "guesser") != nil)
    }

    @Test func `a limiter that is off lets everything pass`() throws {
        for _ in 0..<1_000 { try AttemptLimiter.off.take("x") }
    }

    @Test func `a cursor opens for its own list only`() throws {
        let sealer = CursorSealer(key: [1, 2, 3])
        let cursor = sealer.seal([1, 2, 3, 255], scope: "accounts")
        #expect(try sealer.open(cursor, scope: "accounts") == [1, 2, 3, 255])
        #expect(throws: Problem.self) { try sealer.open(cursor, scope: "events") }
        #expect(throws: Problem.self) { try CursorSealer(key: [9]).open(cursor, scope: "accounts") }
        #expect(throws: Problem.self) { try sealer.open("", scope: "accounts") }
        for index in cursor.indices {
            var damaged = cursor
            damaged.replaceSubrange(index...index, with: cursor[index] == "A" ? "B" : "A")
            #expect(throws: Problem.self) { try sealer.open(damaged, scope: "accounts") }
        }
    }

    @Test func `all that is wrong is told at once`() throws {
        let object: JSONObject = [
            "name": "toolong", "age": .number("1.5"), "flag": "yes", "data": "!!", "tags": ["a", 1, "bb"],
            "inner": ["x/y": 1], "extra": 1,
        ]
        var reader = ObjectReader(object)
        _ = reader.requiredString("name", maxCharacters: 5)
        _ = reader.requiredString("missing", maxCharacters: 5)
        _ = reader.optionalInteger("age", in: 0...9)
        _ = reader.optionalBool("flag")
        _ = reader.base64("data", maxBytes: 9)
        _ = reader.stringArray("tags", maxCount: 3, maxCharacters: 1)
        _ = reader.object("inner") { $0.refuseUnknownMembers() }
        reader.refuseUnknownMembers()
        #expect(
            reader.errors.map(\.pointer) == [
                "/name", "/missing", "/age", "/flag", "/data", "/tags/1", "/tags/2", "/inner/x~1y", "/extra",
            ])
        let copy = reader
        #expect(throws: Problem.self) { try copy.finish() }
    }

    @Test func `absent, null and a value are told apart`() {
        var reader = ObjectReader(["a": .null, "b": "x"])
        #expect(reader.string("a", maxCharacters: 5) == .null)
        #expect(reader.string("b", maxCharacters: 5) == .value("x"))
        #expect(reader.string("c", maxCharacters: 5) == .absent)
    }

    @Test func `a problem is an RFC 9457 document`() throws {
        var problem = Problem.invalid("/a", "is wrong")
        problem.members = ["expected_version": 5]
        let response = problem.response()
        guard case .bytes(let bytes) = response.body else { throw NoBody() }
        let expected: JSONValue = [
            "type": "/problems/invalid", "title": "The body is not valid", "status": 422,
            "detail": "The request body is not valid.", "expected_version": 5,
            "errors": [["pointer": "/a", "detail": "is wrong"]],
        ]
        #expect(try JSONReader.read(bytes) == expected)
    }

    struct NoBody: Error {}

    @Test(arguments: Problem.Slug.allCases) func `every problem has a page`(slug: Problem.Slug) {
        #expect(ProblemPages.page(for: slug).status == 200)
        #expect((400...599).contains(slug.status))
    }

    @Test func `streams are capped, in all and for each principal`() throws {
        let limiter = StreamLimiter(maximum: 3, maximumPerHolder: 2)
        var held = [try limiter.permit(for: "a"), try limiter.permit(for: "a")]
        #expect(throws: Problem.self) { try limiter.permit(for: "a") }
        held.append(try limiter.permit(for: "b"))
        #expect(throws: Problem.self) { try limiter.permit(for: "c") }
        held.removeAll()
        #expect(limiter.count == 0)
    }
}

/// A clock that stands still until told otherwise.
private final class Clock: Sendable {
    private let nanoseconds = Mutex<UInt64>(1)

    var read: AttemptLimiter.Clock { { self.nanoseconds.withLock { $0 } } }

    func advance(seconds: UInt64) { nanoseconds.withLock { $0 += seconds * 1_000_000_000 } }
}
