public import AccountDomain
public import Accounts
import PKI
import PasswordHashing

/// Argon2id in the pool of slow work.
public struct Argon2PasswordHasher: PasswordHasher {
    private let work: SlowWork
    private let parameters: Argon2id.Parameters

    /// A hasher of the standard cost.
    public init(work: SlowWork) { self.init(work: work, parameters: .standard) }

    init(work: SlowWork, parameters: Argon2id.Parameters) {
        self.work = work
        self.parameters = parameters
    }

    /// The verifier of a new password, with a random salt.
    public func verifier(for password: [UInt8]) async throws(Failure) -> PasswordVerifier {
        let parameters = parameters
        return .argon2id(
            phc: try await work.perform {
                try Argon2id.hash(password: password, salt: Self.salt(), parameters: parameters)
            })
    }

    /// Whether a password matches; without a verifier it takes as long and answers false.
    public func matches(_ password: [UInt8], _ verifier: PasswordVerifier?) async throws(Failure) -> Bool {
        let parameters = parameters
        return try await work.perform {
            switch verifier {
            case .argon2id(let phc): return try Argon2id.verify(password: password, phc: phc)
            case .argon2ServerRelief, nil:
                // As long as a check takes, so that time does not tell who has a password, and of which kind.
                _ = try Argon2id.hash(password: password, salt: Self.salt(), parameters: parameters)
                return false
            }
        }
    }

    private static func salt() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}

/// RSA pairs from the stock of ready ones, their private halves encrypted in the pool of slow work.
public struct RSAKeyPairMaker: KeyPairMaker {
    private let work: SlowWork
    private let stock: RSAKeyStock

    /// A maker that takes from `stock`.
    public init(work: SlowWork, stock: RSAKeyStock) {
        self.work = work
        self.stock = stock
    }

    /// A pair that nobody else gets.
    public func rsaPair(encryptedUnder passphrase: [UInt8]) async throws(Failure) -> RSAPair {
        do {
            let pair = try await stock.take()
            return try await work.run {
                RSAPair(
                    publicKey: pair.publicKeySPKI,
                    privateKeySealed: try pair.privateKeyPKCS8Encrypted(passphrase: passphrase))
            }
        } catch { throw Failure(slowWork: error) }
    }
}

extension SlowWork {
    func perform<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws(Failure) -> T {
        do { return try await run(.normal, body) } catch { throw Failure(slowWork: error) }
    }
}

extension Failure {
    /// What trouble in the pool means to a use case: a full queue passes, all else is a fault.
    fileprivate init(slowWork error: any Error) {
        switch error {
        case is SlowWork.Overloaded, is SlowWork.Ended, is CancellationError: self = .unavailable(retryAfterSeconds: 1)
        case PasswordHashingError.outOfMemory: self = .unavailable(retryAfterSeconds: 1)
        default: self = .fault("slow work failed: \(error)")
        }
    }
}
