public import AccountDomain
public import EventCoding

/// The six digits that an activation is redeemed with: derived, never stored (docs/log.md).
public enum ActivationCode {
    private static let kind = "mld.activation"
    private static let purpose = "mld-activation-code-v1"
    private static let first: UInt64 = 111_111
    private static let count: UInt64 = 888_889

    /// The code of an activation: 111111 to 999999, each as likely as any other.
    ///
    /// - Parameters:
    ///   - key: the data key of its stream.
    ///   - command: the command that opened it.
    /// - Returns: the six digits.
    public static func derive(_ key: StreamKey, _ command: CommandID) -> String {
        let limit = UInt64.max - UInt64.max % count
        var ordinal = 0
        while true {
            let bytes = key.derivedSecret(command: command, kind: kind, ordinal: ordinal, byteCount: 32)
            for start in stride(from: 0, to: bytes.count, by: 8) {
                let word = bytes[start..<start + 8].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
                // What lies beyond the last whole multiple would make the first codes likelier.
                if word < limit { return String(first + word % count) }
            }
            ordinal += 1
        }
    }

    /// What is kept of a code: a digest that nobody without the stream's key can compute, not even for all codes.
    public static func verifier(_ code: String, of activation: ActivationID, _ key: StreamKey) -> Digest {
        key.verifier(purpose, of: activation.bytes + Array(code.utf8))
    }
}
