import Accounts
import Crypto
import EventCoding
import Synchronization

/// The RSA pair of root's account, of which only the public half is ever asked for.
///
/// Root has no stream, so its pair follows from the master key: every gateway tells the same one, and none stores it.
final class RootPair: Sendable {
    private let master: MasterKey
    private let signatures: any TokenSignatures
    private let made = Mutex<[UInt8]?>(nil)

    init(master: MasterKey, signatures: any TokenSignatures) {
        self.master = master
        self.signatures = signatures
    }

    /// SubjectPublicKeyInfo, DER.
    func publicKey() async throws(Failure) -> [UInt8] {
        if let known = made.withLock({ $0 }) { return known }
        let seed = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: master.derivedKey("mld-root-pair-v1"), info: Array("primes".utf8),
            outputByteCount: signatures.seedBytes)
        let key = try await signatures.derivedPublicKey(from: seed.withUnsafeBytes { [UInt8]($0) })
        made.withLock { $0 = key }
        return key
    }
}
