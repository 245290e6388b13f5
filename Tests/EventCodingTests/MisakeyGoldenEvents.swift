import AccountDomain
import EventCoding

extension GoldenEvent {
    static let record =
        "$com.misakey.argon2-relief-v1$m=1024,t=1,p=1$ZmFrZVJhbmRvbVNhbHQ=$AAECAwQFBgcICQoLDA0ODw$gWZCGRUF0qBJ5O2I05gwngFLCKakFmsHmGvDfLWpW0g"

    static let relief = ReliefVerifier(
        parameters: PrehashParameters(memory: 1024, iterations: 1, parallelism: 1, salt: "ZmFrZVJhbmRvbVNhbHQ="),
        key: Array(0..<16),
        mac: Digest(
            bytes: [
                0x81, 0x66, 0x42, 0x19, 0x15, 0x05, 0xd2, 0xa0, 0x49, 0xe4, 0xed, 0x88, 0xd3, 0x98, 0x30, 0x9e, 0x01,
                0x4b, 0x08, 0xa6, 0xa4, 0x16, 0x6b, 0x07, 0x98, 0x6b, 0xc3, 0x7c, 0xb5, 0xa9, 0x5b, 0x48,
            ]) ?? digest)

    /// What the Misakey door makes happen.
    static let misakey: [GoldenEvent] = [
        GoldenEvent(
            .account(.password(.set(.argon2ServerRelief(relief)))), "password.set.v1",
            #"{"scheme":"argon2-server-relief"}"#, #"{"verifier":{"record":"\#(record)"}}"#),
        GoldenEvent(
            .account(.password(.changed(.argon2ServerRelief(relief)))), "password.changed.v1",
            #"{"scheme":"argon2-server-relief"}"#, #"{"verifier":{"record":"\#(record)"}}"#),
        GoldenEvent(
            .account(
                .backup(
                    .replaced(
                        BackupVersion(
                            version: 3, length: 2, sha256: digest, content: .inline(Array("ab".utf8)), ending: "YWJ="))
                )), "backup.replaced.v1", #"{"length":2,"version":3}"#,
            #"{"personal":{"data":"YWI=","ending":"YWJ=","sha256":"\#(digestBase64)"}}"#),
        GoldenEvent(
            .account(
                .secretStorage(
                    .installed(
                        rootKey: SealedKey(hash: "rh", encrypted: "rk"),
                        vaultKey: SealedKey(hash: "vh", encrypted: "vk")
                    ))), "secret_storage.installed.v1", "{}",
            #"{"personal":{"root_key":{"encrypted_key":"rk","key_hash":"rh"},"vault_key":{"encrypted_key":"vk","key_hash":"vh"}}}"#
        ),
        GoldenEvent(
            .account(.secretStorage(.rootKeyChanged(encrypted: "rk"))), "root_key.changed.v1", "{}",
            #"{"personal":{"encrypted_key":"rk"}}"#),
        GoldenEvent(
            .account(
                .secretStorage(.asymmetricKeysAdded([AsymmetricKey(publicKey: "pk", encryptedSecretKey: "sk")]))),
            "asym_key.added.v1", #"{"count":1}"#,
            #"{"personal":{"keys":[{"encrypted_secret_key":"sk","public_key":"pk"}]}}"#),
        GoldenEvent(
            .account(.secretStorage(.asymmetricKeysRemoved(["a", "b"]))), "asym_key.removed.v1", #"{"count":2}"#,
            #"{"personal":{"public_keys":["a","b"]}}"#),
        GoldenEvent(
            .account(
                .secretStorage(
                    .sharesPut(
                        [BoxKeyShare(box: "b", id: "i", invitationShareHash: "h", encryptedInvitationShare: "e")],
                        at: moment))), "box_key_share.put.v1", #"{"at":1800000000000000,"count":1}"#,
            #"{"personal":{"shares":[{"box":"b","encrypted_invitation_share":"e","id":"i","invitation_share_hash":"h"}]}}"#
        ),
        GoldenEvent(
            .account(.secretStorage(.sharesRemoved(["b"]))), "box_key_share.removed.v1", #"{"count":1}"#,
            #"{"personal":{"boxes":["b"]}}"#),
        GoldenEvent(
            .identity(
                .codeIssued(
                    LoginCode(ordinal: 2, recipient: Identifier(stored: "a@b.c"), verifier: digest, expiresAt: moment))
            ), "identity.code_issued.v1", #"{"expires_at":1800000000000000,"ordinal":2}"#,
            #"{"personal":{"recipient":"a@b.c"},"verifier":{"code":"\#(digestBase64)"}}"#),
        GoldenEvent(.identity(.codeFailed(ordinal: 2)), "identity.code_failed.v1", #"{"ordinal":2}"#),
        GoldenEvent(.identity(.codeUsed(ordinal: 2)), "identity.code_used.v1", #"{"ordinal":2}"#),
        GoldenEvent(
            .identity(
                .publicKeysSet(
                    IdentityKeys(
                        publicKey: "p", nonIdentifiedPublicKey: "n", aesRSA: "com.misakey.aes-rsa-enc:p",
                        nonIdentifiedAESRSA: nil))), "identity.public_keys_set.v1", "{}",
            #"{"personal":{"non_identified_pubkey":"n","pubkey":"p","pubkey_aes_rsa":"com.misakey.aes-rsa-enc:p"}}"#),
        GoldenEvent(
            .identity(.notified(.accountCreated)), "identity.notified.v1", #"{"notification":"user.create_account"}"#),
        GoldenEvent(
            .identity(.notified(.passwordReset)), "identity.notified.v1", #"{"notification":"user.reset_password"}"#),
    ]
}
