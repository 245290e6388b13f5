import StrictJSON
import Testing

@Suite struct `Base64 and hexadecimal` {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the vectors of RFC 4648`(plain: String, text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
        let unpadded = String(text.prefix { $0 != "=" })
        #expect(Base64.encode(Array(plain.utf8), padded: false) == unpadded)
        #expect(Base64.decode(unpadded, padded: false) == Array(plain.utf8))
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "Zm8", "Zm8==", "Zm9v=", "====", "=", "==", "Zh==", "Zm9=", "Zm9v Zm9v", "Zm9v\n",
        " Zm9v", "-_-_", "Zg==Zg==", "Z=g=", "Zm9vZ===", "Zm\u{e9}v", "Zm9\u{0}", "A===", "AA=A",
    ])
    func `refuses every other spelling`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["Z", "Zg==", "Zh", "Zm9", "Zm9v=", "Zm9vZ"])
    func `refuses every other spelling without padding`(text: String) {
        #expect(Base64.decode(text, padded: false) == nil)
    }

    @Test func `random bytes come back, and random texts have one spelling`() {
        var random = SeededGenerator(seed: 4)
        let characters = Array("ABab01+/=".utf8)
        for _ in 0..<5_000 {
            let bytes = random.bytes(upTo: 50)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64.decode(Base64.encode(bytes, padded: false), padded: false) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
            let text = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                characters[Int.random(in: characters.indices, using: &random)]
            }
            if let decoded = Base64.decode(text) { #expect(Array(Base64.encode(decoded).utf8) == text) }
        }
    }

    @Test func `hexadecimal is written small and read both ways`() {
        #expect(Hex.encode([0, 0xAB, 0xFF]) == "00abff")
        #expect(Hex.decode("00ABff") == [0, 0xAB, 0xFF])
        for text in ["0", "0g", "0 ", "é", "0x00"] { #expect(Hex.decode(text) == nil) }
    }
}
