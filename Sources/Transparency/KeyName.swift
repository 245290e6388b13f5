import Crypto

/// The names of keys in signed notes, and the ids that go with them.
enum KeyName {
    /// Tells whether a name may stand in a note: not empty, no blank of any script, no plus, no control character.
    static func isValid(_ name: String) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy {
                !$0.properties.isWhitespace && $0 != "+" && $0.value >= 0x20
            }
    }

    /// The id that C2SP signed-note recommends: the first four bytes of a hash over name, type and public key.
    static func keyID(name: String, type: UInt8, publicKey: [UInt8]) -> UInt32 {
        SHA256.hash(data: Array(name.utf8) + [0x0A, type] + publicKey).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The id as eight lower-case hex digits.
    static func hex(_ id: UInt32) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// The type byte of plain Ed25519 signatures.
    static let ed25519: UInt8 = 1
    /// The type byte of Ed25519 cosignatures, `cosignature/v1`.
    static let cosigner: UInt8 = 4
}
