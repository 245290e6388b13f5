/// The parts of a stored hash, `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, as far as they bound the cost of a run.
///
/// Exactly the form that hashing writes: no other order, no optional parts, no leading zeros.
struct PHCString {
    /// Longer than any text within the bounds.
    private static let longest = 256

    let parameters: Argon2id.Parameters
    let hashBytes: Int

    init(_ text: String) throws(PasswordHashingError) {
        guard text.utf8.count <= Self.longest else { throw .malformed }
        let parts = Array(text.utf8).split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1].elementsEqual("argon2id".utf8),
            parts[2].elementsEqual("v=19".utf8)
        else { throw .malformed }

        let costs = parts[3].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard costs.count == 3, let memory = Self.number(costs[0], after: "m="),
            let iterations = Self.number(costs[1], after: "t="),
            let parallelism = Self.number(costs[2], after: "p="),
            let saltBytes = Self.decodedCount(parts[4]), let hashBytes = Self.decodedCount(parts[5])
        else { throw .malformed }

        parameters = Argon2id.Parameters(memoryKiB: memory, iterations: iterations, parallelism: parallelism)
        self.hashBytes = hashBytes
        guard parameters.areAllowed, Argon2id.saltBytes.contains(saltBytes), (16...64).contains(hashBytes) else {
            throw .outOfRange
        }
    }

    /// The decimal number that follows `name`, nil unless it is spelt in the one canonical way.
    private static func number(_ text: ArraySlice<UInt8>, after name: StaticString) -> Int? {
        let name = name.description.utf8
        guard text.starts(with: name) else { return nil }
        let digits = text.dropFirst(name.count)
        guard (1...10).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// How many bytes this unpadded base64 stands for, nil when it is none.
    ///
    /// Stray bits in the last digit are left to the library, which refuses them.
    private static func decodedCount(_ text: ArraySlice<UInt8>) -> Int? {
        let isDigit: (UInt8) -> Bool = { character in
            switch character {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"): true
            default: false
            }
        }
        guard text.count % 4 != 1, text.allSatisfy(isDigit) else { return nil }
        return text.count * 3 / 4
    }
}
