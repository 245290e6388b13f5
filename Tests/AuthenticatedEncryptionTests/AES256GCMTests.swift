import AuthenticatedEncryption
import Crypto
import Testing

@Suite struct `AES-256-GCM` {
    private static let key = [UInt8](0..<32)
    private static let nonce = [UInt8](100..<112)

    private static func bytes(_ hex: String) -> [UInt8] {
        var rest = hex[...]
        var bytes: [UInt8] = []
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    private static func seal(
        _ plain: [UInt8], after head: [UInt8] = nonce, key: [UInt8] = key, bound: [UInt8] = []
    ) -> [UInt8] {
        AES256GCM.seal(
            plain.span.bytes, after: head.span.bytes, key: key.span.bytes, authenticating: bound.span.bytes)
    }

    private static func open(_ box: [UInt8], key: [UInt8] = key, bound: [UInt8] = []) -> [UInt8]? {
        AES256GCM.open(box.span.bytes, key: key.span.bytes, authenticating: bound.span.bytes)
    }

    @Test func `test case 16 of the cipher's specification comes out`() {
        let key = Self.bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
        let nonce = Self.bytes("cafebabefacedbaddecaf888")
        let bound = Self.bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        let plain = Self.bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                + "b16aedf5aa0de657ba637b39")
        let sealed = Self.bytes(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                + "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b")
        #expect(Self.seal(plain, after: nonce, key: key, bound: bound) == nonce + sealed)
        #expect(Self.open(nonce + sealed, key: key, bound: bound) == plain)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 300, 65_536, 1_000_000], [0, 1, 40])
    func `another library opens what was sealed, and the other way round`(count: Int, bound: Int) throws {
        let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let bound = [UInt8](repeating: 9, count: bound)
        let key = SymmetricKey(data: Self.key)
        let box = try AES.GCM.SealedBox(combined: Self.seal(plain, bound: bound))
        #expect(try [UInt8](AES.GCM.open(box, using: key, authenticating: bound)) == plain)
        let theirs = try #require(AES.GCM.seal(plain, using: key, authenticating: bound).combined)
        #expect(Self.open([UInt8](theirs), bound: bound) == plain)
    }

    @Test func `what stands in front of the nonce stays there`() {
        let box = Self.seal([1, 2, 3], after: [7, 7, 7, 7] + Self.nonce)
        #expect(box.starts(with: [7, 7, 7, 7] + Self.nonce))
        #expect(Self.open(Array(box[4...])) == [1, 2, 3])
    }

    @Test func `a box opens with the bytes, the key and the place of its sealing only`() {
        let box = Self.seal(Array("a secret".utf8), bound: [1])
        for index in box.indices {
            var changed = box
            changed[index] ^= 1
            #expect(Self.open(changed, bound: [1]) == nil)
        }
        var other = Self.key
        other[31] ^= 1
        #expect(Self.open(box, key: other, bound: [1]) == nil)
        #expect(Self.open(box, bound: [2]) == nil)
        #expect(Self.open(box) == nil)
        #expect(Self.open(box, bound: [1]) == Array("a secret".utf8))
    }

    @Test func `a box is opened into memory that is there already`() {
        let box = Self.seal(Array("a secret".utf8), bound: [1])
        var plain = [UInt8](repeating: 0, count: 8)
        #expect(AES256GCM.plainBytes(of: box.span.bytes) == 8)
        let opened = plain.withUnsafeMutableBytes {
            AES256GCM.open(
                box.span.bytes, key: Self.key.span.bytes, authenticating: ([1] as [UInt8]).span.bytes, into: $0)
        }
        #expect(opened)
        #expect(plain == Array("a secret".utf8))
        let refused = plain.withUnsafeMutableBytes {
            AES256GCM.open(
                box.span.bytes, key: Self.key.span.bytes, authenticating: ([2] as [UInt8]).span.bytes, into: $0)
        }
        #expect(!refused)
    }

    @Test func `what is too short to be a box does not open`() {
        let box = Self.seal([])
        for count in 0..<box.count { #expect(Self.open(Array(box[..<count])) == nil) }
        #expect(Self.open(box) == [])
    }

    @Test func `tasks in many threads do not disturb each other`() async {
        await withTaskGroup(of: Bool.self) { group in
            for number in UInt8(0)..<16 {
                group.addTask {
                    let key = [UInt8](repeating: number, count: 32)
                    for round in 0..<500 {
                        let plain = [UInt8](repeating: number, count: round)
                        let box = Self.seal(plain, key: key, bound: [number])
                        if round % 16 == 0 { await Task.yield() }
                        guard Self.open(box, key: key, bound: [number]) == plain, Self.open(box, key: key) == nil
                        else { return false }
                    }
                    return true
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}
