import AccountDomain
import Testing

@Suite("Ids and digests") struct IdentifierShapeTests {
    private let text = "00112233-4455-4677-8899-aabbccddeeff"

    @Test func `an id is written and read in its canonical form`() throws {
        let id = try #require(StreamID(text))
        #expect(id == StreamID(high: 0x0011_2233_4455_4677, low: 0x8899_AABB_CCDD_EEFF))
        #expect(id.description == text)
        var bytes = [UInt8(ascii: "/")]
        id.appendText(to: &bytes)
        #expect(bytes == Array("/".utf8) + Array(text.utf8))
        #expect(CommandID(text)?.description == text)
        #expect(RequestID(text)?.description == text)
        #expect(TokenID("x\(text)".dropFirst())?.description == text)
    }

    @Test(arguments: [
        "", "0", "00112233445546778899aabbccddeeff", "00112233-4455-4677-8899-aabbccddeef",
        "00112233-4455-4677-8899-aabbccddeeff0", "00112233-4455-4677-8899-AABBCCDDEEFF",
        "{0112233-4455-4677-8899-aabbccddeeff", "00112233-4455-4677-8899-aabbccddeefg",
        "001122334-455-4677-8899-aabbccddeeff", "00112233-4455-4677-8899-aabbccddeef ",
        "00112233-4455-4677-8899-aabbccddeeé", "--------------------------------\u{2D}\u{2D}\u{2D}\u{2D}",
    ])
    func `another form is no id`(text: String) {
        #expect(StreamID(text) == nil)
    }

    @Test func `drawn ids are of version 4 and come back`() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<1_000 {
            let id = StreamID.random(using: &generator)
            let text = Array(id.description.utf8)
            #expect(text[14] == UInt8(ascii: "4") && "89ab".utf8.contains(text[19]))
            #expect(StreamID(id.description) == id)
        }
        #expect(StreamID(version4From: .max, .max).description == "ffffffff-ffff-4fff-bfff-ffffffffffff")
        #expect(StreamID(version4From: 0, 0).description == "00000000-0000-4000-8000-000000000000")
    }

    @Test func `ids are ordered by their bytes`() {
        #expect(StreamID(high: 0, low: .max) < StreamID(high: 1, low: 0))
        #expect(StreamID(high: 1, low: 0) < StreamID(high: 1, low: 1))
        #expect(!(StreamID(high: 1, low: 1) < StreamID(high: 1, low: 1)))
    }

    @Test func `a digest is 32 bytes`() throws {
        let bytes = (0..<32).map { UInt8($0) }
        let digest = try #require(Digest(bytes: bytes))
        #expect(digest.bytes == bytes)
        #expect(digest.description == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
        #expect(Digest(bytes: bytes.dropLast()) == nil)
        #expect(Digest(bytes: bytes + [0]) == nil)
        #expect(Digest(bytes: []) == nil)
    }

    @Test(arguments: 0..<32)
    func `digests that differ in one byte differ`(place: Int) throws {
        var bytes = [UInt8](repeating: 7, count: 32)
        let digest = try #require(Digest(bytes: bytes))
        #expect(digest == Digest(bytes: bytes))
        bytes[place] ^= 0x80
        #expect(digest != Digest(bytes: bytes))
    }

    @Test(
        arguments: [
            (0, "gggggg"), (0x012345, "ghijkl"), (0x6789AB, "mnopab"), (0xABCDEF, "abcdef"), (0xFFFFFF, "ffffff"),
            (0x999999, "pppppp"),
        ] as [(UInt32, String)])
    func `a key id is six letters`(bits: UInt32, text: String) {
        #expect(KeyID(bits: bits).description == text)
        #expect(KeyID(text) == KeyID(bits: bits))
        #expect(KeyID(bits: bits | 0x0100_0000) == KeyID(bits: bits))
    }

    @Test(arguments: ["", "ggggg", "ggggggg", "gggggq", "GGGGGG", "012345", "ggg gg", "gggggé"])
    func `other texts are no key id`(text: String) {
        #expect(KeyID(text) == nil)
    }

    @Test func `namespaces keep their stored numbers`() {
        #expect(Namespace.allCases.map(\.rawValue) == Array(1...18))
        #expect(Namespace.accountName < .keyID)
    }

    @Test func `names in the log and on the wire stay as they are`() {
        #expect(System.allCases.map(\.rawValue) == ["native", "flexisip", "mld", "misakey", "jami"])
        #expect(Door.allCases.map(\.rawValue) == ["native", "flexisip", "mld", "misakey", "jami", "operator"])
        #expect(KeyKind.allCases.map(\.rawValue) == ["key", "rsa", "flexisip-service"])
        #expect(RemoteAuthMode.allCases.map(\.rawValue) == ["anon", "key", "jwt"])
        #expect(MFAMethod.allCases.map(\.rawValue) == ["disabled", "totp", "webauthn"])
        #expect(AccountRole.allCases.map(\.rawValue) == ["admin"])
        #expect(PasswordScheme.allCases.map(\.rawValue) == ["argon2id", "argon2-server-relief"])
    }
}
