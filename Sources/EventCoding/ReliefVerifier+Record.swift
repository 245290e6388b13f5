public import AccountDomain
import Crypto
import StrictJSON

// Argon2 server relief (docs/misakey.md): the client runs Argon2, and what it sends is kept as a keyed hash.

extension ReliefVerifier {
    private static let name = "com.misakey.argon2-relief-v1"

    /// The verifier of a new prehash, under a key drawn for it.
    public init(of prehash: [UInt8], _ parameters: PrehashParameters) {
        self.init(of: prehash, parameters, key: RandomBytes.shared.draw(16))
    }

    /// The verifier of a prehash under a key.
    public init(of prehash: [UInt8], _ parameters: PrehashParameters, key: [UInt8]) {
        self.init(parameters: parameters, key: key, mac: Self.mac(prehash, key))
    }

    /// Whether a prehash is the one that this was made of; takes as long whether it is or not.
    public func matches(_ prehash: [UInt8]) -> Bool { Self.mac(prehash, key) == mac }

    private static func mac(_ prehash: [UInt8], _ key: [UInt8]) -> AccountDomain.Digest {
        let code = HMAC<SHA256>.authenticationCode(for: prehash, using: SymmetricKey(data: key))
        guard let digest = AccountDomain.Digest(bytes: Array(code)) else {
            preconditionFailure("HMAC-SHA256 gives 32 bytes")
        }
        return digest
    }

    /// The stored form: `$com.misakey.argon2-relief-v1$m=…,t=…,p=…$salt text$key$mac`, both in base64 without padding.
    public var record: String {
        let limits = "m=\(parameters.memory),t=\(parameters.iterations),p=\(parameters.parallelism)"
        let (key, mac) = (Base64.encode(key, padded: false), Base64.encode(mac.bytes, padded: false))
        return "$\(Self.name)$\(limits)$\(parameters.salt)$\(key)$\(mac)"
    }

    /// Reads a stored form; nil when it is anything else.
    public init?(record: String) {
        let parts = record.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == Self.name,
            let key = Base64.decode(String(parts[4]), padded: false),
            let mac = Base64.decode(String(parts[5]), padded: false).flatMap({ AccountDomain.Digest(bytes: $0) })
        else { return nil }
        var numbers: [Int] = []
        let limits = parts[2].split(separator: ",", omittingEmptySubsequences: false)
        guard limits.count == 3 else { return nil }
        for (limit, letter) in zip(limits, ["m=", "t=", "p="]) {
            guard limit.hasPrefix(letter), let number = Int(limit.dropFirst(2)) else { return nil }
            numbers.append(number)
        }
        self.init(
            parameters: PrehashParameters(
                memory: numbers[0], iterations: numbers[1], parallelism: numbers[2], salt: String(parts[3])),
            key: key, mac: mac)
    }
}
