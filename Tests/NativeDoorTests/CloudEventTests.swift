import AccountDomain
import Accounts
import EventCoding
import StrictJSON
import Testing

@testable import NativeDoor

@Suite struct `Events on the wire` {
    private func stored(secret: [UInt8]?) throws -> StoredEvent {
        StoredEvent(
            position: 7, recordedAt: Moment(microseconds: 1_700_000_000_123_456),
            stream: try #require(StreamID("00112233-4455-6677-8899-aabbccddeeff")), version: 3,
            command: try #require(CommandID("ffeeddcc-bbaa-4998-8776-655443322110")), type: "backup.replaced.v1",
            meta: Array(#"{"a":1}"#.utf8), data: Array(#"{"b":2}"#.utf8), secret: secret,
            secretHash: secret.map { Digest.sha256(of: $0).bytes })
    }

    @Test func `the leaf hash is the one computed by hand`() throws {
        let plain = try stored(secret: nil)
        #expect(plain.leaf.count == 138)
        #expect(plain.leafHash.description == "e0e6cde3b08f474376f4dcb1548767e7933dfc61b2d43512a906d3ef190ecb3a")
        let boxed = try stored(secret: Array("box".utf8))
        #expect(boxed.leaf.count == 170)
        #expect(boxed.leafHash.description == "2f1278e1ae8ae616a45eaf6da42cb47cdf7ebe2a6d52945af1e2aa1dab9a0de1")
    }

    @Test func `a purged box leaves the leaf as it was`() throws {
        var event = try stored(secret: Array("box".utf8))
        let before = event.leafHash
        event.secret = nil
        #expect(event.leafHash == before)
    }

    @Test func `an event is written as CloudEvents wants it`() throws {
        let event = try stored(secret: Array("box".utf8))
        let text = String(decoding: CloudEvent(event, origin: "ledger.example/1").bytes, as: UTF8.self)
        #expect(
            text == #"{"specversion":"1.0","id":"7","source":"ledger.example/1","type":"backup.replaced.v1","#
                + #""subject":"00112233-4455-6677-8899-aabbccddeeff","time":"2023-11-14T22:13:20.123456Z","#
                + #""datacontenttype":"application/json","data":{"b":2},"sequence":"7","streamversion":3,"#
                + #""commandid":"ffeeddcc-bbaa-4998-8776-655443322110","meta":"{\"a\":1}","secret":"Ym94","#
                + #""secrethash":"\#(Hex.encode(try #require(event.secretHash)))","#
                + #""leafhash":"\#(event.leafHash)"}"#)
    }

    @Test func `without a box there is no secret, and what may be seen is added`() throws {
        var personal = SealedObject()
        personal.set("name", "alice")
        let bytes = CloudEvent(try stored(secret: nil), origin: "x", personal: personal).bytes
        let json = try #require(try JSONReader.read(bytes).objectValue)
        #expect(json["secret"] == nil)
        #expect(json["secrethash"] == nil)
        #expect(json["personal"] == ["name": "alice"])
    }

    @Test(arguments: [(0.0, "0.000"), (-1, "0.000"), (1.5, "1.500"), (0.0405, "0.041"), (.infinity, "0.000")])
    func `seconds have three digits`(seconds: Double, text: String) {
        #expect(ProjectionStatus.thousandths(seconds) == text)
    }
}
