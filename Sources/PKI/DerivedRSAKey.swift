import COpenSSL

/// An RSA key pair that follows from a secret alone: the same secret gives the same pair on every machine, for ever.
///
/// It serves where a key must be there from the first start and may be stored nowhere. The secret must be random.
@safe struct DerivedRSAKey: ~Copyable {
    /// How many bytes a secret has; each half gives one of the primes.
    static let seedBytes = 256

    // Sound: freed once, when the only owner ends.
    private let context: OpaquePointer

    private init() throws(PKIError) {
        guard let context = unsafe BN_CTX_secure_new() else { throw .library("BN_CTX_secure_new") }
        unsafe self.context = unsafe context
    }

    deinit {
        unsafe BN_CTX_free(context)
    }

    /// Makes the pair of 2,048 bits: of each half of `seed` the next prime with both its highest bits set.
    static func make(from seed: [UInt8]) throws(PKIError) -> EVPKey {
        guard seed.count == seedBytes else { throw .malformed }
        let maker = try DerivedRSAKey()
        let e = try BigNumber()
        guard unsafe BN_set_word(e.pointer, 65_537) == 1 else { throw .library("BN_set_word") }
        let first = try maker.prime(Array(seed[..<128]), e)
        let second = try maker.prime(Array(seed[128...]), e)
        // The format wants the greater prime first.
        let isOrdered = unsafe BN_cmp(first.pointer, second.pointer) > 0
        return try maker.assemble(p: isOrdered ? first : second, q: isOrdered ? second : first, e: e)
    }

    private func prime(_ seed: [UInt8], _ e: BigNumber) throws(PKIError) -> BigNumber {
        let (candidate, before, divisor) = (try BigNumber(), try BigNumber(), try BigNumber())
        let number = unsafe candidate.pointer
        guard unsafe BN_bin2bn(seed, Int32(seed.count), number) != nil, unsafe BN_set_bit(number, 1_023) == 1,
            unsafe BN_set_bit(number, 1_022) == 1, unsafe BN_set_bit(number, 0) == 1
        else { throw .library("BN_set_bit") }
        while true {
            let isPrime = unsafe BN_check_prime(number, context, nil)
            guard isPrime >= 0 else { throw .library("BN_check_prime") }
            if isPrime == 1 {
                guard unsafe BN_sub(before.pointer, number, BN_value_one()) == 1,
                    unsafe BN_gcd(divisor.pointer, before.pointer, e.pointer, context) == 1
                else { throw .library("BN_gcd") }
                if unsafe BN_is_one(divisor.pointer) == 1 { return candidate }
            }
            guard unsafe BN_add_word(number, 2) == 1 else { throw .library("BN_add_word") }
        }
    }

    private func assemble(p: BigNumber, q: BigNumber, e: BigNumber) throws(PKIError) -> EVPKey {
        let (n, d, phi) = (try BigNumber(), try BigNumber(), try BigNumber())
        let (p1, q1) = (try BigNumber(), try BigNumber())
        let (dp, dq, inverse) = (try BigNumber(), try BigNumber(), try BigNumber())
        guard unsafe BN_cmp(p.pointer, q.pointer) != 0, unsafe BN_mul(n.pointer, p.pointer, q.pointer, context) == 1,
            unsafe BN_sub(p1.pointer, p.pointer, BN_value_one()) == 1,
            unsafe BN_sub(q1.pointer, q.pointer, BN_value_one()) == 1,
            unsafe BN_mul(phi.pointer, p1.pointer, q1.pointer, context) == 1,
            unsafe BN_mod_inverse(d.pointer, e.pointer, phi.pointer, context) != nil,
            unsafe BN_div(nil, dp.pointer, d.pointer, p1.pointer, context) == 1,
            unsafe BN_div(nil, dq.pointer, d.pointer, q1.pointer, context) == 1,
            unsafe BN_mod_inverse(inverse.pointer, q.pointer, p.pointer, context) != nil
        else { throw .library("BN_mod_inverse") }
        return try Self.key([
            ("n", n), ("e", e), ("d", d), ("rsa-factor1", p), ("rsa-factor2", q), ("rsa-exponent1", dp),
            ("rsa-exponent2", dq), ("rsa-coefficient1", inverse),
        ])
    }

    private static func key(_ members: [(StaticString, BigNumber)]) throws(PKIError) -> EVPKey {
        guard let builder = unsafe OSSL_PARAM_BLD_new() else { throw .library("OSSL_PARAM_BLD_new") }
        defer { unsafe OSSL_PARAM_BLD_free(builder) }
        for (name, number) in members {
            // The builder keeps the name's address until the parameters are made; a literal's lasts, and ends with NUL.
            let pushed = unsafe name.utf8Start.withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount + 1) {
                unsafe OSSL_PARAM_BLD_push_BN(builder, $0, number.pointer)
            }
            guard pushed == 1 else {
                throw .library("OSSL_PARAM_BLD_push_BN")
            }
        }
        guard let parameters = unsafe OSSL_PARAM_BLD_to_param(builder) else {
            throw .library("OSSL_PARAM_BLD_to_param")
        }
        defer { unsafe OSSL_PARAM_free(parameters) }
        guard let maker = unsafe EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else {
            throw .library("EVP_PKEY_CTX_new_from_name")
        }
        defer { unsafe EVP_PKEY_CTX_free(maker) }
        var made: OpaquePointer?
        guard unsafe EVP_PKEY_fromdata_init(maker) == 1,
            unsafe EVP_PKEY_fromdata(maker, &made, LEDGER_EVP_PKEY_KEYPAIR, parameters) == 1,
            let made = unsafe made
        else { throw .library("EVP_PKEY_fromdata") }
        return try unsafe EVPKey(takingOwnershipOf: made)
    }
}
