import AccountDomain
import Accounts
import Crypto
import EventCoding
import StrictJSON
import Testing

@testable import MeldDoor

@Suite("Activations") struct ActivationCodeTests {
    private static let stream = StreamID(high: 0x1111_1111_1111_4111, low: 0x8111_1111_1111_1111)
    private static let key = StreamKey(SymmetricKey(data: [UInt8](repeating: 7, count: 32)), log: 0, stream: stream)
    private static let command = CommandID(high: 0x2222_2222_2222_4222, low: 0x8222_2222_2222_2222)
    private static let expiry = Moment(microseconds: 1_800_000_600_000_000)

    @Test func `a code is six digits from 111111 on, and as likely as any other`() {
        var generator = SystemRandomNumberGenerator()
        var bins = [Int](repeating: 0, count: 9)
        var seen: Set<String> = []
        for _ in 0..<18_000 {
            let code = ActivationCode.derive(Self.key, .random(using: &generator))
            guard let number = Int(code), (111_111...999_999).contains(number), code.utf8.count == 6 else {
                Issue.record("\(code) is no code")
                return
            }
            bins[(number - 111_111) * 9 / 888_889] += 1
            seen.insert(code)
        }
        // Two thousand are expected in each; seven deviations away is once in a hundred thousand million runs.
        #expect(bins.allSatisfy { (1_700...2_300).contains($0) }, "\(bins)")
        #expect(seen.count > 17_500)
    }

    @Test func `the code is derived again from the same key and command, and from no other`() {
        let code = ActivationCode.derive(Self.key, Self.command)
        #expect(code == ActivationCode.derive(Self.key, Self.command))
        #expect(code != ActivationCode.derive(Self.key, CommandID(high: 1, low: 2)))
        let other = StreamKey(SymmetricKey(data: [UInt8](repeating: 8, count: 32)), log: 0, stream: Self.stream)
        #expect(code != ActivationCode.derive(other, Self.command))
    }

    @Test func `the verifier is the keyed digest that the contract fixes`() {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: [UInt8](repeating: 7, count: 32)),
            info: Array("mld-activation-code-v1".utf8), outputByteCount: 32)
        let expected = HMAC<SHA256>.authenticationCode(for: Self.stream.bytes + Array("123456".utf8), using: derived)
        #expect(ActivationCode.verifier("123456", of: Self.stream, Self.key).bytes == Array(expected))
    }

    private func cause(_ event: Activation.Event) -> MailCause {
        MailCause(
            recorded: RecordedEvent(
                position: 1, recordedAt: Self.expiry, stream: Self.stream, version: 1, command: Self.command,
                event: .activation(event)), key: Self.key)
    }

    @Test func `the mail holds the code as its only run of six digits, until it expires`() throws {
        let request = ActivationRequest(
            name: AccountName(stored: "agent-123456"), email: EmailAddress(stored: "a@example.org"),
            expiresAt: Self.expiry, verifier: Digest.sha256(of: []))
        let composer = ActivationMail()
        let mail = try #require(composer.mail(for: cause(.requested(request)), now: Self.expiry.adding(seconds: -1)))
        #expect(mail.recipient.text == "a@example.org")
        let runs = (mail.subject + "\n" + mail.text).matches(of: /[0-9]{6,}/).map { String($0.output) }
        #expect(runs == [ActivationCode.derive(Self.key, Self.command)])
        #expect(mail.text.contains("10 minutes") && mail.text.unicodeScalars.allSatisfy(\.isASCII))
        #expect(mail.text.split(separator: "\n").allSatisfy { $0.utf8.count <= 76 }, "nothing in it needs quoting")
        #expect(composer.mail(for: cause(.requested(request)), now: Self.expiry) == nil)
        #expect(composer.mail(for: cause(.ended), now: Self.expiry.adding(seconds: -1)) == nil)
        #expect(composer.kind == "mld.activation" && composer.eventTypes == ["activation.requested.v1"])
    }

    // MARK: Tokens

    private static let tokens = ActivationTokens(key: SymmetricKey(data: [UInt8](repeating: 9, count: 32)))
    private static let token = ActivationToken(
        activation: stream, name: AccountName(stored: "alice"), email: EmailAddress(stored: "\u{fc}@example.org"),
        issuedAt: 1_800_000_000, expiresAt: 1_800_000_600)

    @Test func `a token comes back as it was sealed, in the layout that the contract fixes`() throws {
        let text = try Self.tokens.seal(Self.token)
        #expect(Self.tokens.open(text) == Self.token)
        let bytes = try #require(Base64.decode(text))
        #expect(bytes[0] == 1 && Array(bytes[1..<17]) == Self.stream.bytes)
        let box = try AES.GCM.SealedBox(combined: bytes[17...])
        let plain = try AES.GCM.open(box, using: Self.tokens.key, authenticating: bytes[..<17])
        #expect(
            String(decoding: plain, as: UTF8.self)
                == #"{"sub":"alice","email":"ü@example.org","iat":1800000000,"exp":1800000600}"#)
        #expect(try Self.tokens.seal(Self.token) != text)
    }

    @Test func `a longest token is short enough`() throws {
        let email = String(repeating: "a", count: 64) + "@" + String(repeating: "b.", count: 93) + "co"
        let token = ActivationToken(
            activation: Self.stream, name: AccountName(stored: String(repeating: "n", count: 100)),
            email: EmailAddress(stored: email), issuedAt: 1, expiresAt: 2)
        #expect(try Self.tokens.seal(token).utf8.count <= 2_048)
    }

    @Test func `no bit of a token can be changed`() throws {
        let bytes = try #require(Base64.decode(try Self.tokens.seal(Self.token)))
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1 << UInt8(place % 8)
            #expect(Self.tokens.open(Base64.encode(changed)) == nil, "byte \(place)")
        }
        for length in [0, 1, 16, 17, 40, 45, bytes.count - 1] {
            #expect(Self.tokens.open(Base64.encode(Array(bytes.prefix(length)))) == nil)
        }
        #expect(ActivationTokens(key: SymmetricKey(size: .bits256)).open(Base64.encode(bytes)) == nil)
    }

    @Test func `a token expires with its second`() {
        let end = Moment(microseconds: 1_800_000_600_000_000)
        #expect(!Self.token.hasExpired(at: Moment(microseconds: end.microseconds - 1)))
        #expect(Self.token.hasExpired(at: end))
    }
}
