import PKI
import Testing

@Suite("Derived RSA keys") struct DerivedRSAKeyTests {
    @Test func `a derived pair is a pair: what it signs it verifies, and it opens again after encryption`() throws {
        let seed = (0..<RSAKeyPair.seedBytes).map { UInt8(truncatingIfNeeded: $0 &* 101 &+ 7) }
        let pair = try RSAKeyPair.derive(from: seed)
        #expect(pair.bits == 2_048)
        let signature = try pair.sign([1, 2, 3])
        #expect(try pair.publicKey.verify(signature, over: [1, 2, 3]))
        #expect(try !pair.publicKey.verify(signature, over: [1, 2, 4]))
        let sealed = try pair.privateKeyPKCS8Encrypted(passphrase: [1])
        #expect(try RSAKeyPair(encryptedPKCS8: sealed, passphrase: [1]).publicKeySPKI == pair.publicKeySPKI)
        #expect(try RSAKeyPair.derive(from: seed).publicKeySPKI == pair.publicKeySPKI)
    }

    @Test func `a seed of another length makes no pair, and equal halves neither`() {
        #expect(throws: PKIError.malformed) { try RSAKeyPair.derive(from: [1, 2, 3]) }
        #expect(throws: PKIError.self) { try RSAKeyPair.derive(from: [UInt8](repeating: 5, count: 256)) }
    }
}
