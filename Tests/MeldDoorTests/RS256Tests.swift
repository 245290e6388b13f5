import AccountSecurity
import Accounts
import DoorKit
import StrictJSON
import Testing

@testable import MeldDoor

@Suite("RS256") struct RS256Tests {
    /// RFC 7515, appendix A.2: the modulus (the exponent is 65537), what is signed, and the signature.
    private static let modulus =
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
    private static let signed =
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    private static let signature =
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"

    /// A SubjectPublicKeyInfo of 2,048 bits around a modulus.
    private static func spki(_ modulus: [UInt8]) -> [UInt8] {
        [
            0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
            0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00,
        ] + modulus + [0x02, 0x03, 0x01, 0x00, 0x01]
    }

    @Test func `the signature of the standard's example is valid, and no other`() throws {
        let work = SlowWork(threads: 1)
        let signatures = RSATokenSignatures(work: work)
        let key = Self.spki(try #require(Base64URL.decode(Self.modulus)))
        let signature = try #require(Base64URL.decode(Self.signature))
        let message = Array(Self.signed.utf8)
        #expect(signatures.isValid(signature, over: message, by: key))
        #expect(!signatures.isValid(signature, over: message + [0], by: key))
        #expect(!signatures.isValid(signature.dropLast() + [signature[255] ^ 1], over: message, by: key))
        #expect(!signatures.isValid([], over: message, by: key))
        #expect(!signatures.isValid(signature, over: message, by: [1, 2, 3]))
    }

    @Test func `what is signed with an encrypted private half is valid by its public one`() async throws {
        let work = SlowWork(threads: 1)
        let maker = RSAKeyPairMaker(work: work, stock: RSAKeyStock(work: work, size: 1))
        let signatures = RSATokenSignatures(work: work)
        let pair = try await maker.rsaPair(encryptedUnder: Array("secret".utf8))
        let signature = try await signatures.sign(
            [1, 2, 3], with: pair.privateKeySealed, passphrase: Array("secret".utf8))
        #expect(signatures.isValid(signature, over: [1, 2, 3], by: pair.publicKey))
        await #expect(throws: Failure.self) {
            try await signatures.sign([1], with: pair.privateKeySealed, passphrase: Array("other".utf8))
        }
        await work.shutdown()
    }

    @Test func `a derived pair follows from its seed alone`() async throws {
        let work = SlowWork(threads: 1)
        let signatures = RSATokenSignatures(work: work)
        let seed = (0..<signatures.seedBytes).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let key = try await signatures.derivedPublicKey(from: seed)
        #expect(key.count == 294)
        #expect(try await signatures.derivedPublicKey(from: seed) == key)
        #expect(try await signatures.derivedPublicKey(from: seed.reversed()) != key)
        await #expect(throws: Failure.self) { try await signatures.derivedPublicKey(from: [1]) }
        await work.shutdown()
    }
}
