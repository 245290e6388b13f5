/// A short stable name for a path.
enum Fingerprint {
    /// Sixteen hexadecimal digits of the FNV-1a hash.
    ///
    /// It keeps the directories of several homes apart; nothing secret rests on it.
    static func of(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 {
            hash ^= UInt64(byte)
            hash &*= 0x100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
