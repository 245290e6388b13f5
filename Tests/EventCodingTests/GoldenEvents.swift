import AccountDomain
import EventCoding
import Testing

/// One event of every stored type and version, with the bytes it was written as.
///
/// These stay readable for ever: an entry is added with a new type or version, and never changed or removed.
struct GoldenEvent: Sendable, CustomTestStringConvertible {
    let event: DomainEvent
    let type: String
    let data: String
    let box: String

    var testDescription: String { type }

    init(_ event: DomainEvent, _ type: String, _ data: String, _ box: String = "{}") {
        self.event = event
        self.type = type
        self.data = data
        self.box = box
    }

    static let other = StreamID(high: 0x1111_1111_1111_4111, low: 0x8111_1111_1111_1111)
    private static let token = TokenID(high: 0x2222_2222_2222_4222, low: 0x8222_2222_2222_2222)
    static let moment = Moment(microseconds: 1_800_000_000_000_000)
    private static let keyID = KeyID(bits: 0xABC123)
    static let digest = Digest.sha256(of: Array("abc".utf8))
    static let digestBase64 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    private static let digestHex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    private static let space = SpaceSettings(
        name: SpaceName(stored: "Example"), domain: SpaceDomain(stored: "sip.example.org"),
        host: SpaceDomain(stored: "www.example.org"), isSuper: true, realm: "example", maximumAccounts: 10,
        emailUnique: true, expiresAt: moment, usernameMinimumLength: 3, passwordMinimumLength: 8)
    private static let spaceData =
        #"{"email_unique":true,"expires_at":1800000000000000,"max_accounts":10,"password_min_length":8,"super":true,"username_min_length":3}"#
    private static let spaceBox =
        #"{"personal":{"domain":"sip.example.org","host":"www.example.org","name":"Example","realm":"example"}}"#

    static let all: [GoldenEvent] = account + identity + spaces + misakey

    private static let account: [GoldenEvent] = [
        GoldenEvent(
            .account(
                .lifecycle(
                    .created(
                        Creation(
                            system: .native, space: other, spaceDomain: SpaceDomain(stored: "sip.example.org"),
                            activated: true, name: AccountName(stored: "alice"),
                            emails: [EmailAddress(stored: "alice@example.org")],
                            profile: ProfileMembers(stored: [("display_name", "Alice")]))))), "account.created.v1",
            #"{"activated":true,"space":"11111111-1111-4111-8111-111111111111","system":"native"}"#,
            #"{"personal":{"emails":["alice@example.org"],"name":"alice","profile":{"display_name":"Alice"},"space":"sip.example.org"}}"#
        ),
        GoldenEvent(
            .account(.lifecycle(.activated(reason: Reason(stored: "asked")))), "account.activated.v1", "{}",
            #"{"personal":{"reason":"asked"}}"#),
        GoldenEvent(.account(.lifecycle(.deactivated(reason: nil))), "account.deactivated.v1", "{}"),
        GoldenEvent(
            .account(.lifecycle(.blocked(reason: Reason(stored: "why")))), "account.blocked.v1", "{}",
            #"{"personal":{"reason":"why"}}"#),
        GoldenEvent(.account(.lifecycle(.unblocked(reason: nil))), "account.unblocked.v1", "{}"),
        GoldenEvent(
            .account(.lifecycle(.erased(kept: [KeptReservation(namespace: .accountName, count: 1)]))),
            "account.erased.v1", #"{"kept":[{"count":1,"namespace":1}]}"#),
        GoldenEvent(
            .account(.profile(.profileChanged(ProfileMembers(stored: [("a", "1")])))), "profile.changed.v1", "{}",
            #"{"personal":{"profile":{"a":"1"}}}"#),
        GoldenEvent(
            .account(.profile(.emailsChanged([EmailAddress(stored: "b@example.org")]))), "emails.changed.v1", "{}",
            #"{"personal":{"emails":["b@example.org"]}}"#),
        GoldenEvent(
            .account(.profile(.nameChanged(AccountName(stored: "bob")))), "name.changed.v1", "{}",
            #"{"personal":{"name":"bob"}}"#),
        GoldenEvent(
            .account(.password(.set(.argon2id(phc: "$argon2id$x")))), "password.set.v1", #"{"scheme":"argon2id"}"#,
            #"{"verifier":{"phc":"$argon2id$x"}}"#),
        GoldenEvent(
            .account(.password(.changed(.argon2id(phc: "$argon2id$y")))), "password.changed.v1",
            #"{"scheme":"argon2id"}"#, #"{"verifier":{"phc":"$argon2id$y"}}"#),
        GoldenEvent(
            .account(
                .backup(
                    .replaced(
                        BackupVersion(version: 3, length: 3, sha256: digest, content: .inline(Array("abc".utf8)))))),
            "backup.replaced.v1", #"{"length":3,"version":3}"#,
            #"{"personal":{"data":"YWJj","sha256":"\#(digestBase64)"}}"#),
        GoldenEvent(
            .account(
                .backup(
                    .replaced(
                        BackupVersion(
                            version: 4, length: 70_000, sha256: digest,
                            content: .blob(BlobReference(hash: digest, length: 70_032)))))), "backup.replaced.v1",
            #"{"blob":"\#(digestHex)","blob_length":70032,"length":70000,"version":4}"#,
            #"{"personal":{"sha256":"\#(digestBase64)"}}"#),
        GoldenEvent(.account(.backup(.locked)), "backup.locked.v1", "{}"),
        GoldenEvent(
            .account(
                .devices(
                    .added(
                        Device(
                            ordinal: 1, id: DeviceID(stored: "phone"), name: DeviceName(stored: "My phone"),
                            publicKey: PublicKeyText(stored: "pk"))))), "device.added.v1", #"{"device":1}"#,
            #"{"personal":{"id":"phone","name":"My phone","public_key":"pk"}}"#),
        GoldenEvent(
            .account(.devices(.renamed(ordinal: 1, name: DeviceName(stored: "Old phone")))), "device.renamed.v1",
            #"{"device":1}"#, #"{"personal":{"name":"Old phone"}}"#),
        GoldenEvent(
            .account(.devices(.revoked(ordinal: 1, reason: Reason(stored: "lost")))), "device.revoked.v1",
            #"{"device":1}"#, #"{"personal":{"reason":"lost"}}"#),
        GoldenEvent(
            .account(
                .accessKeys(
                    .issued(
                        IssuedKey(
                            id: keyID, kind: .rsa, label: KeyLabel(stored: "laptop"), secretDigest: digest,
                            publicKey: Array("abc".utf8), privateKeySealed: Array("abc".utf8))))), "key.issued.v1",
            #"{"key_id":"\#(keyID)","type":"rsa"}"#,
            #"{"personal":{"label":"laptop","public_key":"YWJj"},"verifier":{"private_key":"YWJj","secret_sha256":"\#(digestBase64)"}}"#
        ),
        GoldenEvent(.account(.accessKeys(.revoked(keyID))), "key.revoked.v1", #"{"key_id":"\#(keyID)"}"#),
        GoldenEvent(
            .account(.remotesAuth(.inserted([.anon, .jwt]))), "remotes_auth.inserted.v1", #"{"modes":["anon","jwt"]}"#),
        GoldenEvent(.account(.remotesAuth(.deleted([.key]))), "remotes_auth.deleted.v1", #"{"modes":["key"]}"#),
        GoldenEvent(
            .account(.administrators(.inserted(other))), "administrator.inserted.v1", #"{"account":"\#(other)"}"#),
        GoldenEvent(
            .account(.administrators(.deleted(other))), "administrator.deleted.v1", #"{"account":"\#(other)"}"#),
        GoldenEvent(.account(.roles(.granted(.admin))), "role.granted.v1", #"{"role":"admin"}"#),
        GoldenEvent(.account(.roles(.withdrawn(.admin))), "role.withdrawn.v1", #"{"role":"admin"}"#),
        GoldenEvent(
            .account(.tokens(.revoked(token, expiresAt: moment))), "token.revoked.v1",
            #"{"expires_at":1800000000000000,"token":"\#(token)"}"#),
        GoldenEvent(
            .account(.identities(.linked(other))), "account.identity_linked.v1", #"{"identity":"\#(other)"}"#),
        GoldenEvent(
            .account(.identities(.unlinked(other))), "account.identity_unlinked.v1", #"{"identity":"\#(other)"}"#),
        GoldenEvent(
            .account(
                .recovery(
                    .requested(
                        RecoveryRequest(
                            ordinal: 2, email: EmailAddress(stored: "alice@example.org"), expiresAt: moment,
                            tokenDigest: digest)))), "recovery.requested.v1",
            #"{"expires_at":1800000000000000,"ordinal":2}"#,
            #"{"personal":{"email":"alice@example.org"},"verifier":{"token":"\#(digestBase64)"}}"#),
        GoldenEvent(.account(.recovery(.redeemed(ordinal: 2))), "recovery.redeemed.v1", #"{"ordinal":2}"#),
    ]

    private static let identity: [GoldenEvent] = [
        GoldenEvent(
            .identity(.created(Identifier(stored: "a@b.c"))), "identity.created.v1", "{}",
            #"{"personal":{"identifier":"a@b.c"}}"#),
        GoldenEvent(.identity(.mfaChanged(.totp)), "identity.mfa_changed.v1", #"{"mfa":"totp"}"#),
        GoldenEvent(.identity(.linked(other)), "identity.linked.v1", #"{"account":"\#(other)"}"#),
        GoldenEvent(.identity(.unlinked(other)), "identity.unlinked.v1", #"{"account":"\#(other)"}"#),
        GoldenEvent(
            .identity(.tokenRevoked(token, expiresAt: moment)), "identity.token_revoked.v1",
            #"{"expires_at":1800000000000000,"token":"\#(token)"}"#),
        GoldenEvent(.identity(.ended), "identity.ended.v1", "{}"),
    ]

    private static let spaces: [GoldenEvent] = [
        GoldenEvent(.space(.created(space)), "space.created.v1", spaceData, spaceBox),
        GoldenEvent(.space(.changed(space)), "space.changed.v1", spaceData, spaceBox),
        GoldenEvent(.space(.closed), "space.closed.v1", "{}"),
        GoldenEvent(.space(.ended), "space.ended.v1", "{}"),
    ]
}
