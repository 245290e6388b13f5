import Crypto
import StrictJSON
import Testing
import Transparency

@Suite struct CosignatureTests {
    // Made by Python's `cryptography` from the seed of 32 nines, over the example of C2SP tlog-cosignature.
    static let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    static let key = "witness.example.com/w1+4bdc7eaa+BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY"
    static let line =
        "\u{2014} witness.example.com/w1 S9x+qgAAAABkGFDLSEwbtADY9t5XeSzDTVuiqYN5nZfoc9NQOUgkPYm4wwjIUL68Nczz1tpz"
        + "CjnpmnRXttgqVVwOg3WfE7AXqa+DAg=="

    /// A cosignature spelt out here: time, and a signature over a text that may be another.
    private func made(_ time: UInt64, over message: String, count: Int = 64) throws -> NoteSignature {
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 9, count: 32))
        let stamp = (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * $0)) }
        let bytes = [0x4B, 0xDC, 0x7E, 0xAA] + stamp + (try key.signature(for: Array(message.utf8))).prefix(count)
        return try #require(NoteSignature(line: "\u{2014} witness.example.com/w1 \(Base64.encode(bytes))"))
    }

    @Test func `a cosignature made elsewhere verifies, tells its time, and fits no other text`() throws {
        let key = try WitnessKey(Self.key)
        let line = try #require(NoteSignature(line: Self.line))
        let found = try key.cosignatures(among: [line], of: Self.text)
        #expect(found.map(\.time) == [1_679_315_147] && found.map { "\($0.line)" } == [Self.line])
        #expect(throws: TransparencyError.badSignature(key.name)) {
            try key.cosignatures(among: [line], of: Self.text.replacing("163", with: "164"))
        }
    }

    @Test func `lines by others are passed over, and what bears the key's name must be by it`() throws {
        let key = try WitnessKey(Self.key)
        let other = try #require(SigningKey.make(name: key.name))
        let plain = try SignedNote(signing: Self.text, with: [other]).signatures
        let message = "cosignature/v1\ntime 7\n" + Self.text
        #expect(try key.cosignatures(among: plain, of: Self.text).isEmpty)
        #expect(try key.cosignatures(among: plain + [made(7, over: message)], of: Self.text).map(\.time) == [7])
        for wrong in [
            try made(8, over: message), try made(7, over: Self.text), try made(7, over: message, count: 63),
            try made(1 << 63, over: "cosignature/v1\ntime 9223372036854775808\n" + Self.text),
        ] {
            #expect(throws: TransparencyError.badSignature(key.name)) {
                try key.cosignatures(among: [wrong], of: Self.text)
            }
        }
    }

    @Test func `a key has one spelling, or that of a note's key`() throws {
        let plain = "witness.example.com/w1+2c518ae0+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY"
        #expect(try [Self.key, plain].map { try WitnessKey($0).description } == [Self.key, Self.key])
        for bad in ["", Self.key.replacing("7eaa+", with: "7eab+"), Self.key.replacing("w1", with: "w2"), plain + " "] {
            #expect(throws: TransparencyError.malformed("verifier key")) { try WitnessKey(bad) }
        }
    }

    @Test func `offers and answers are spelt as the specification has them`() throws {
        let log = try #require(SigningKey.make(name: "log.example"))
        let note = try Checkpoint(origin: log.name, size: 3, root: .empty).signed(with: [log])
        let hash = TreeHash.leaf([1])
        let offer = WitnessOffer(note, ConsistencyProof(from: 2, size: 3, hashes: [hash, .empty]))
        #expect("\(offer)" == "old 2\n\(hash.base64)\n\(TreeHash.empty.base64)\n\n\(note)")
        #expect("\(WitnessOffer(note, ConsistencyProof(from: 0, size: 3, hashes: [])))" == "old 0\n\n\(note)")

        let line = try #require(NoteSignature(line: Self.line))
        for (status, type, body, answer) in [
            (200, "text/plain", "\(line)\n\(line)\n", .cosigned([line, line])), (200, "", "", .other(200)),
            (200, "text/plain", "\(line)\nelse\n", .other(200)), (409, "text/x.tlog.size", "2085\n", .size(2085)),
            (409, "text/x.tlog.size; charset=utf-8", "0\n", .size(0)), (409, "text/plain", "5\n", .other(409)),
            (409, "text/x.tlog.size", "5", .other(409)), (409, "text/x.tlog.size", "05\n", .other(409)),
            (422, "", "", .inconsistent), (404, "text/plain", "", .other(404)),
        ] as [(Int, String, String, WitnessAnswer)] {
            #expect(WitnessAnswer(status: status, contentType: type, body: Array(body.utf8)) == answer, "\(body)")
        }
    }

    @Test func `witnesses are listed with their addresses`() throws {
        let text = "https://w.example/a/ \(Self.key)\n http://[::1]:80  \(NoteTests.verifier),"
        let two = try #require(Witness.list(text))
        #expect(two.map(\.address) == ["https://w.example/a/add-checkpoint", "http://[::1]:80/add-checkpoint"])
        #expect(two.map(\.key.name) == ["witness.example.com/w1", "PeterNeumann"])
        for bad in ["", "ftp://w.example", "https://", "https:///a", "https://u:p@w.example", "https://w.example/?a"] {
            #expect(Witness.list("\(bad) \(Self.key)") == nil, "\(bad)")
        }
        #expect(Witness.list("https://w.example \(Self.key), https://v.example \(Self.key)") == nil)
    }
}
