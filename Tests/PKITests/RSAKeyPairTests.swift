import Foundation
import PKI
import Testing

@Suite struct `RSA key pairs` {
    private static let pair = Result { try RSAKeyPair.generate() }
    private let message = Array("a message".utf8)
    private let passphrase = Array("correct horse".utf8)

    @Test func `a new pair has the size asked for`() throws {
        let pair = try Self.pair.get()
        #expect(pair.bits == 2_048)
        #expect(pair.publicKeySPKI.count == 294)
        #expect(try pair.publicKeyPEM().hasPrefix("-----BEGIN PUBLIC KEY-----\n"))
    }

    @Test(arguments: [0, -1, 512, 1_024, 2_047, 2_049, 9_216, .max, .min])
    func `other sizes are refused`(bits: Int) {
        #expect(throws: PKIError.unsupportedSize) { try RSAKeyPair.generate(bits: bits) }
    }

    @Test(arguments: RSADigest.allCases)
    func `a signature is good for its message, key, and digest only`(digest: RSADigest) throws {
        let pair = try Self.pair.get()
        let signature = try pair.sign(message, digest: digest)
        #expect(signature.count == 256)
        #expect(try pair.verify(signature, over: message, digest: digest))
        #expect(try RSAPublicKey(spki: pair.publicKeySPKI).verify(signature, over: message, digest: digest))
        #expect(try !pair.verify(signature, over: message + [0], digest: digest))
        #expect(try !pair.verify([], over: message, digest: digest))
        #expect(try !pair.verify(Array(signature.dropLast()), over: message, digest: digest))
        #expect(try !pair.verify(signature + [0], over: message, digest: digest))
        #expect(try !pair.verify(signature, over: message, digest: digest == .sha256 ? .sha512 : .sha256))
        var damaged = signature
        damaged[100] ^= 1
        #expect(try !pair.verify(damaged, over: message, digest: digest))
        #expect(try pair.verify(pair.sign([], digest: digest), over: [], digest: digest))
    }

    @Test func `a sealed pair opens with its passphrase only`() throws {
        let pair = try Self.pair.get()
        let sealed = try pair.privateKeyPKCS8Encrypted(passphrase: passphrase)
        #expect(try pair.privateKeyPKCS8Encrypted(passphrase: passphrase) != sealed)
        let opened = try RSAKeyPair(encryptedPKCS8: sealed, passphrase: passphrase)
        #expect(opened.publicKeySPKI == pair.publicKeySPKI)
        #expect(try pair.verify(opened.sign(message), over: message))
        #expect(throws: PKIError.wrongPassphrase) {
            try RSAKeyPair(encryptedPKCS8: sealed, passphrase: Array("incorrect horse".utf8))
        }
        #expect(throws: PKIError.malformed) { try RSAKeyPair(encryptedPKCS8: sealed + [0], passphrase: passphrase) }
        #expect(throws: PKIError.malformed) {
            try RSAKeyPair(encryptedPKCS8: Array(sealed.dropLast()), passphrase: passphrase)
        }
        #expect(throws: PKIError.malformed) { try RSAKeyPair(encryptedPKCS8: [], passphrase: passphrase) }
    }

    @Test func `a passphrase may be any 1 to 1,024 bytes`() throws {
        let pair = try Self.pair.get()
        for passphrase in [[0], [1, 0, 2], [UInt8](repeating: 0xFF, count: 1_024)] as [[UInt8]] {
            let sealed = try pair.privateKeyPKCS8Encrypted(passphrase: passphrase)
            #expect(try RSAKeyPair(encryptedPKCS8: sealed, passphrase: passphrase).bits == 2_048)
            #expect(throws: PKIError.wrongPassphrase) {
                try RSAKeyPair(encryptedPKCS8: sealed, passphrase: passphrase.dropLast() + [7])
            }
        }
        for passphrase in [[], [UInt8](repeating: 1, count: 1_025)] as [[UInt8]] {
            #expect(throws: PKIError.unusablePassphrase) { try pair.privateKeyPKCS8Encrypted(passphrase: passphrase) }
            #expect(throws: PKIError.unusablePassphrase) {
                try RSAKeyPair(encryptedPKCS8: [], passphrase: passphrase)
            }
        }
    }

    @Test func `damaged public keys are refused or read, never worse`() throws {
        let spki = try Self.pair.get().publicKeySPKI
        #expect(try RSAPublicKey(spki: spki).spki() == spki)
        #expect(throws: PKIError.malformed) { try RSAPublicKey(spki: spki + [0]) }
        #expect(throws: PKIError.malformed) { try RSAPublicKey(spki: []) }
        for index in spki.indices {
            var damaged = spki
            damaged[index] ^= 0x11
            _ = try? RSAPublicKey(spki: damaged).verify([UInt8](repeating: 1, count: 256), over: message)
        }
    }

    @Test func `keys that are no RSA keys are refused`() throws {
        // A public key on P-256.
        let text =
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJg5GJGBzDsb40zlxKlUZASO2gImFDEOEp5FItnDxI+sX"
            + "2xsJLpZjwMntAljgNZ27RLChNawMEYBKG1/IwZI1fA=="
        let spki = try #require(Data(base64Encoded: text))
        #expect(throws: PKIError.notRSA) { try RSAPublicKey(spki: Array(spki)) }
    }

    @Test func `the openssl command opens a sealed pair and checks a signature of it`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let pair = try Self.pair.get()
        try Data(pair.privateKeyPKCS8Encrypted(passphrase: passphrase)).write(to: folder.appending(path: "sealed.der"))
        try Data(pair.sign(message)).write(to: folder.appending(path: "signature"))
        try Data(message).write(to: folder.appending(path: "message"))
        try Data(pair.publicKeyPEM().utf8).write(to: folder.appending(path: "public.pem"))

        let form = try openssl("asn1parse -inform DER -in sealed.der", in: folder)
        for part in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", ":0800\n"] { #expect(form.contains(part)) }
        let command = "pkcs8 -inform DER -in sealed.der -passin file:passphrase -out private.pem"
        try Data(passphrase + [0x0A]).write(to: folder.appending(path: "passphrase"))
        _ = try openssl(command, in: folder)
        let publicKey = try openssl("pkey -in private.pem -pubout", in: folder)
        #expect(try publicKey == pair.publicKeyPEM())
        let verdict = try openssl("dgst -sha256 -verify public.pem -signature signature message", in: folder)
        #expect(verdict == "Verified OK\n")
    }

    @Test func `a pair that the openssl command sealed is opened`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try openssl("genrsa -out private.pem 2048", in: folder)
        let command = "pkcs8 -topk8 -in private.pem -v2 aes-256-cbc -passout pass:secret -outform DER -out sealed.der"
        _ = try openssl(command, in: folder)
        let sealed = try Array(Data(contentsOf: folder.appending(path: "sealed.der")))
        let pair = try RSAKeyPair(encryptedPKCS8: sealed, passphrase: Array("secret".utf8))
        let publicKey = try openssl("pkey -in private.pem -pubout", in: folder)
        #expect(try publicKey == pair.publicKeyPEM())
    }

    private func openssl(_ arguments: String, in folder: URL) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: bytes, as: UTF8.self)
    }
}
