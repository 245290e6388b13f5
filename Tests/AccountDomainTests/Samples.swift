import AccountDomain

// Short ways to say what tests say often.

extension AccountEvent {
    static let living = AccountEvent.lifecycle(.created(Creation(system: .native)))

    static func created(by system: System) -> AccountEvent { .lifecycle(.created(Creation(system: system))) }
}

extension TextValue {
    /// A text that is known to keep its rule.
    static func sample(_ text: String) -> Self { Self(stored: text) }
}

extension Digest {
    static func sample(_ byte: UInt8) -> Digest {
        guard let digest = Digest(bytes: [UInt8](repeating: byte, count: 32)) else {
            fatalError("32 bytes are a digest")
        }
        return digest
    }
}

extension BackupVersion {
    static func sample(_ version: Int, _ bytes: [UInt8] = [1]) -> BackupVersion {
        BackupVersion(
            version: version, length: bytes.count, sha256: .sample(UInt8(truncatingIfNeeded: version)),
            content: .inline(bytes))
    }
}

extension IssuedKey {
    static func sample(_ bits: UInt32, _ kind: KeyKind = .key) -> IssuedKey {
        IssuedKey(id: KeyID(bits: bits), kind: kind, label: nil, secretDigest: .sample(UInt8(truncatingIfNeeded: bits)))
    }
}

extension Device {
    static func sample(_ ordinal: Int, _ id: String, name: String? = nil) -> Device {
        Device(ordinal: ordinal, id: .sample(id), name: name.map { .sample($0) }, publicKey: nil)
    }
}

extension StreamID {
    static func sample(_ number: UInt64) -> StreamID { StreamID(version4From: 0, number) }
}

extension SpaceSettings {
    static func sample(_ domain: String = "sip.example.org", name: String = "Example") -> SpaceSettings {
        SpaceSettings(name: .sample(name), domain: .sample(domain))
    }
}

extension Moment {
    static let start = Moment(microseconds: 1_800_000_000_000_000)
}

extension LoginCode {
    static func sample(_ ordinal: Int, at now: Moment = .start) -> LoginCode {
        LoginCode(
            ordinal: ordinal, recipient: .sample("a@b.c"), verifier: .sample(UInt8(truncatingIfNeeded: ordinal)),
            now: now)
    }
}

extension IdentityKeys {
    static func sample(_ text: String) -> IdentityKeys {
        IdentityKeys(publicKey: text, nonIdentifiedPublicKey: text + "n", aesRSA: nil, nonIdentifiedAESRSA: nil)
    }
}

extension SecretStorageContents {
    static func sample(_ text: String, keys: Int = 0, shares: Int = 0, size: Int = 1) -> SecretStorageContents {
        SecretStorageContents(
            rootKey: SealedKey(hash: text, encrypted: "e"), vaultKey: SealedKey(hash: "v", encrypted: "e"),
            asymmetricKeys: (0..<keys).map {
                AsymmetricKey(publicKey: "p\($0)", encryptedSecretKey: String(repeating: "s", count: size))
            }, shares: (0..<shares).map { .sample("b\($0)") })
    }
}

extension BoxKeyShare {
    static func sample(_ box: String, id: String = "i", hash: String = "h") -> BoxKeyShare {
        BoxKeyShare(box: box, id: id, invitationShareHash: hash, encryptedInvitationShare: "e")
    }
}

extension RecoveryRequest {
    static func sample(
        _ ordinal: Int, email: String = "a@b.c", expiresAt: Moment = Moment(microseconds: 3_600_000_000)
    ) -> RecoveryRequest {
        RecoveryRequest(
            ordinal: ordinal, email: .sample(email), expiresAt: expiresAt,
            tokenDigest: .sample(UInt8(truncatingIfNeeded: ordinal)))
    }
}
