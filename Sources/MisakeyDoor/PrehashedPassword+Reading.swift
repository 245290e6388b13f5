import AccountDomain
import Accounts

extension MemberReader {
    /// A prehashed password that must be there (docs/misakey.md): parameters for format alone, the hash for its length.
    func prehashedPassword(_ name: String) -> PrehashedPassword? {
        guard let reader = child(name) else { return nil }
        return reader.prehashedPassword()
    }

    /// The members of a prehashed password.
    func prehashedPassword() -> PrehashedPassword? {
        let parameters = child("params")?.parameters()
        guard let (name, text) = text("hash_base_64", "hash_base64") else { return nil }
        guard let prehash = StandardText.decode(text)?.data else {
            refuse(name, .malformed)
            return nil
        }
        guard (4...512).contains(prehash.count) else {
            refuse(name, .invalid)
            return nil
        }
        return parameters.map { PrehashedPassword(parameters: $0, prehash: prehash) }
    }

    private func parameters() -> PrehashParameters? {
        let parallelism = integer("parallelism", in: 1...255)
        let memory = integer("memory", in: 8 * (parallelism ?? 1)...4_194_304)
        let iterations = integer("iterations", in: 1...65_535)
        let salt = salt()
        guard let parallelism, let memory, let iterations, let salt else { return nil }
        return PrehashParameters(memory: memory, iterations: iterations, parallelism: parallelism, salt: salt)
    }

    /// The text itself is what Argon2 was given, so it is its length that counts, and its spelling is kept.
    private func salt() -> String? {
        guard let (name, text) = text("salt_base_64", "salt_base64") else { return nil }
        guard StandardText.decode(text) != nil else {
            refuse(name, .malformed)
            return nil
        }
        guard (8...256).contains(text.utf8.count) else {
            refuse(name, .invalid)
            return nil
        }
        return text
    }

    private func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = integer(name) else { return nil }
        guard range.contains(value) else {
            refuse(name, .invalid)
            return nil
        }
        return value
    }
}
