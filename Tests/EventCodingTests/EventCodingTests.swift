import AccountDomain
import EventCoding
import Testing

@Suite("Stored events") struct EventCodingTests {
    @Test(arguments: GoldenEvent.all)
    func `an event is written as it always was`(golden: GoldenEvent) {
        let encoded = EventCoding.encode(golden.event)
        #expect(encoded.type == golden.type)
        #expect(String(decoding: encoded.data.canonicalBytes, as: UTF8.self) == golden.data)
        #expect(String(decoding: encoded.content.canonicalBytes, as: UTF8.self) == golden.box)
    }

    @Test(arguments: GoldenEvent.all)
    func `what was once written is read for ever`(golden: GoldenEvent) throws {
        let content = try BoxContent(canonicalBytes: Array(golden.box.utf8))
        let event = try EventCoding.decode(type: golden.type, data: Array(golden.data.utf8), content: content)
        #expect(event == golden.event)
    }

    @Test func `every stored type has a golden event`() {
        #expect(Set(GoldenEvent.all.map(\.type)) == Set(EventCoding.types))
    }

    @Test func `an unknown type is an error, not an event`() {
        #expect(throws: EventCodingError.unknownType) {
            try EventCoding.decode(type: "account.painted.v1", data: Array("{}".utf8), content: BoxContent())
        }
    }

    @Test(arguments: ["", "[]", "{", #"{"system":"native"}"#, #"{"activated":1,"system":"native"}"#])
    func `malformed data is an error that names no value`(data: String) throws {
        #expect(throws: EventCodingError.self) {
            try EventCoding.decode(type: "account.created.v1", data: Array(data.utf8), content: BoxContent())
        }
    }
}

@Suite("Meta") struct EventMetaTests {
    private static let account = StreamID(high: 0x1111_1111_1111_4111, low: 0x8111_1111_1111_1111)
    private static let request = RequestID(high: 0x3333_3333_3333_4333, low: 0x8333_3333_3333_3333)

    @Test func `meta is canonical and comes back as it was`() throws {
        var meta = EventMeta(actor: Actor(.account, id: Self.account), door: .native, request: Self.request)
        meta.trace = TraceID(high: 1, low: 2)
        meta.fingerprint = Digest.sha256(of: [1])
        let bytes = meta.canonicalBytes
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"actor":{"id":"\#(Self.account)","kind":"account"},"door":"native","fingerprint":"\#(Digest.sha256(of: [1]))","request_id":"\#(Self.request)","trace_id":"00000000-0000-0001-0000-000000000002"}"#
        )
        #expect(try EventMeta(canonicalBytes: bytes) == meta)
        #expect(try EventMeta.fingerprint(in: bytes) == meta.fingerprint)
    }

    @Test func `meta of what the service did by itself names the cause`() throws {
        var meta = EventMeta(actor: Actor(.service), door: .native, request: Self.request)
        meta.causation = CommandID(high: 0x4444_4444_4444_4444, low: 0x8444_4444_4444_4444)
        let bytes = meta.canonicalBytes
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"actor":{"kind":"service"},"causation_id":"44444444-4444-4444-8444-444444444444","door":"native","request_id":"\#(Self.request)"}"#
        )
        #expect(try EventMeta(canonicalBytes: bytes) == meta)
    }

    @Test func `meta without a key has no fingerprint`() throws {
        let meta = EventMeta(actor: Actor(.root), door: .native, request: Self.request)
        #expect(try EventMeta.fingerprint(in: meta.canonicalBytes) == nil)
        #expect(try EventMeta(canonicalBytes: meta.canonicalBytes) == meta)
    }
}
