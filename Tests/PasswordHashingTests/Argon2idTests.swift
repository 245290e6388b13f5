import PasswordHashing
import Testing

@Suite struct `Passwords hashed with argon2id` {
    /// Made with another implementation (that of OpenSSL 3.5); the first two with the argon2 command as well.
    static let vectors: [(String, String, Int, Int, Int, String)] = [
        (
            "password", "somesalt", 65_536, 2, 1,
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
        ),
        (
            "password", "somesalt", 256, 2, 2,
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"
        ),
        (
            "pässword\0x", "\0\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}", 19_456, 2,
            1,
            "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$4hW/LjQaQQPB0CsMLwlXDUcCnBog9hwdQ9WiJ5xY+Oo"
        ),
        (
            "", "\0\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}", 64, 1, 1,
            "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$33SjuV6/zzjSAgU4dA/CwCrhp6Zlln5wL5DZIdWFgJo"
        ),
    ]

    @Test(arguments: vectors)
    func `known vectors`(
        password: String, salt: String, memoryKiB: Int, iterations: Int, parallelism: Int, phc: String
    ) throws {
        let made = try Argon2id.hash(
            password: Array(password.utf8), salt: Array(salt.utf8), memoryKiB: memoryKiB, iterations: iterations,
            parallelism: parallelism)
        #expect(made == phc)
        #expect(try Argon2id.verify(password: Array(password.utf8), phc: phc))
        #expect(try !Argon2id.verify(password: Array((password + "\0").utf8), phc: phc))
        #expect(try !Argon2id.verify(password: Array("another".utf8), phc: phc))
    }

    private let salt = [UInt8](0..<16)

    @Test func `a hash of standard cost is verified and needs no rehash`() throws {
        let phc = try Argon2id.hash(password: [1, 2, 3], salt: salt)
        #expect(phc.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(try Argon2id.verify(password: [1, 2, 3], phc: phc))
        #expect(try !Argon2id.verify(password: [1, 2], phc: phc))
        #expect(!Argon2id.needsRehash(phc: phc))
        #expect(Argon2id.needsRehash(phc: phc, parameters: Argon2id.Parameters(iterations: 3)))
        #expect(Argon2id.needsRehash(phc: "plain"))
    }

    @Test(arguments: [
        (7, 1, 1), (1 << 20 + 1, 1, 1), (15, 1, 2), (64, 0, 1), (64, 17, 1), (64, 1, 0), (128, 1, 9), (-1, 1, 1),
        (.max, .max, .max), (.min, .min, .min),
    ])
    func `a cost beyond the bounds is refused`(memoryKiB: Int, iterations: Int, parallelism: Int) {
        #expect(throws: PasswordHashingError.outOfRange) {
            try Argon2id.hash(
                password: [], salt: salt, memoryKiB: memoryKiB, iterations: iterations, parallelism: parallelism)
        }
    }

    @Test(arguments: [0, 7, 65])
    func `a salt of another length is refused`(count: Int) {
        #expect(throws: PasswordHashingError.outOfRange) {
            try Argon2id.hash(password: [], salt: [UInt8](repeating: 1, count: count))
        }
    }

    private static let tail = "$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"

    @Test(arguments: [
        "m=2147483648,t=2,p=1", "m=1048577,t=2,p=1", "m=256,t=0,p=1", "m=256,t=17,p=1", "m=256,t=4294967295,p=1",
        "m=256,t=2,p=0", "m=256,t=2,p=9", "m=15,t=2,p=2", "m=0,t=0,p=0",
    ])
    func `a stored cost beyond the bounds is never run`(costs: String) {
        #expect(throws: PasswordHashingError.outOfRange) {
            try Argon2id.verify(password: [], phc: "$argon2id$v=19$\(costs)\(Self.tail)")
        }
    }

    @Test(arguments: [
        "$c29tZXM$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "$$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDX", "$c29tZXNhbHQ$",
    ])
    func `a stored salt or hash of another length is never run`(tail: String) {
        #expect(throws: PasswordHashingError.outOfRange) {
            try Argon2id.verify(password: [], phc: "$argon2id$v=19$m=256,t=2,p=2\(tail)")
        }
    }

    @Test(arguments: [
        "", "$", "$$$$$", "argon2id", "$argon2i$v=19$m=256,t=2,p=2\(tail)", "$argon2id$v=16$m=256,t=2,p=2\(tail)",
        "$argon2id$m=256,t=2,p=2\(tail)", "$argon2id$v=19$t=2,m=256,p=2\(tail)", "$argon2id$v=19$m=0256,t=2,p=2\(tail)",
        "$argon2id$v=19$m=+256,t=2,p=2\(tail)", "$argon2id$v=19$m=256,t=2\(tail)",
        "$argon2id$v=19$m=99999999999999999999,t=2,p=2\(tail)", "$argon2id$v=19$m=256,t=2,p=2,keyid=a\(tail)",
        "$argon2id$v=19$m=256,t=2,p=2\(tail)$", "$argon2id$v=19$m=256,t=2,p=2\(tail)=",
        " $argon2id$v=19$m=256,t=2,p=2\(tail)",
        "$argon2id$v=19$m=256,t=2,p=2\(tail)\n", "$argon2id$v=19$m=256,t=2,p=2\(tail)\0",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHR$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDd",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$" + String(repeating: "A", count: 300),
    ])
    func `a text that is no such hash is refused`(phc: String) {
        #expect(throws: PasswordHashingError.malformed) { try Argon2id.verify(password: [], phc: phc) }
    }
}
