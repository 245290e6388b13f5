import AccountDomain
import EventCoding
import StrictJSON
import Testing

@Suite("Argon2 server relief") struct ReliefVerifierTests {
    private static let prehash = Hex.decode("e90b52bc118c52e24236b3b0c592c4cd") ?? []

    @Test func `a prehash under a known key has the record that the vendor's server makes`() {
        let verifier = ReliefVerifier(
            of: Self.prehash, GoldenEvent.relief.parameters, key: Array(0..<16))
        #expect(Base64.encode(Self.prehash) == "6QtSvBGMUuJCNrOwxZLEzQ==")
        #expect(verifier.mac.description == "816642191505d2a049e4ed88d398309e014b08a6a4166b07986bc37cb5a95b48")
        #expect(verifier.record == GoldenEvent.record)
        #expect(ReliefVerifier(record: GoldenEvent.record) == verifier)
    }

    @Test func `the prehash alone matches`() {
        let verifier = ReliefVerifier(of: Self.prehash, GoldenEvent.relief.parameters)
        #expect(verifier.matches(Self.prehash) && verifier.key.count == 16)
        for wrong in [[], Array(Self.prehash.dropLast()), Self.prehash + [0], Self.prehash.reversed()] {
            #expect(!verifier.matches(wrong))
        }
        #expect(ReliefVerifier(of: Self.prehash, GoldenEvent.relief.parameters).key != verifier.key)
    }

    @Test(arguments: [
        "", "$", "argon2id", "$com.misakey.argon2-relief-v2$m=1,t=1,p=1$aaaaaaaa$AA$AA",
        "$com.misakey.argon2-relief-v1$m=1,t=1$aaaaaaaa$AAECAwQFBgcICQoLDA0ODw$gWZCGRUF0qBJ5O2I05gwngFLCKakFmsHmGvDfLWpW0g",
        "$com.misakey.argon2-relief-v1$m=1,t=x,p=1$aaaaaaaa$AAECAwQFBgcICQoLDA0ODw$gWZCGRUF0qBJ5O2I05gwngFLCKakFmsHmGvDfLWpW0g",
        "$com.misakey.argon2-relief-v1$m=1,t=1,p=1$aaaaaaaa$AAECAwQFBgcICQoLDA0ODw$gWZC",
    ])
    func `any other record is none`(record: String) { #expect(ReliefVerifier(record: record) == nil) }
}
