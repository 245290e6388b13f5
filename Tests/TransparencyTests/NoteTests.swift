import Crypto
import Testing
import Transparency

@Suite struct NoteTests {
    // The example of Go's `sumdb/note`, whose format C2SP wrote down.
    static let secret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    static let verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    static let text = """
        If you think cryptography is the answer to your problem,
        then you don't know what your problem is.

        """
    static let note =
        text + "\n— PeterNeumann "
        + "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

    @Test func `the known key signs the known text as known`() throws {
        let key = try SigningKey(Self.secret)
        #expect(key.secretText == Self.secret)
        #expect(key.verifier.description == Self.verifier)
        let note = try SignedNote(signing: Self.text, with: [key])
        #expect(note.description == Self.note)
        let read = try SignedNote(Self.note)
        #expect(read == note)
        #expect(read.text == Self.text)
        try read.verify(with: [VerifierKey(Self.verifier)])
    }

    @Test func `the specification's example verifies`() throws {
        let key = try VerifierKey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
        let text = """
            This is an example message.

            — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

            """
        let note = try SignedNote(text)
        #expect(note.description == text)
        #expect(try note.verify(with: [key]).count == 1)
        #expect(throws: TransparencyError.badSignature("example.com/foo")) {
            try SignedNote(text.replacing("This", with: "That")).verify(with: [key])
        }
        #expect(throws: TransparencyError.noKnownSignature) { try note.verify(with: [VerifierKey(Self.verifier)]) }
        #expect(throws: TransparencyError.noKnownSignature) { try note.verify(with: []) }
    }

    @Test func `empty lines belong to the text, and the last of them divides`() throws {
        let text = """
            Ognuno sta solo sul cuor della terra
            trafitto da un raggio di sole:

            ed è subito sera.

            """
        let note = try SignedNote(
            text + "\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU"
                + "0xMcXxj99ihAQwaqP3ZekRwNtIc=\n")
        #expect(note.text == text)
        #expect(note.signatures.map(\.name) == ["quasimodo.example/salvatore"])
    }

    @Test func `signatures by others are passed over, and ours must fit`() throws {
        let ours = try SigningKey(Self.secret)
        let other = try #require(SigningKey.make(name: "witness.example"))
        let note = try SignedNote(signing: Self.text, with: [other, ours])
        #expect(try note.verify(with: [ours.verifier]).map(\.name) == ["PeterNeumann"])
        #expect(try note.verify(with: [ours.verifier, other.verifier]).count == 2)
        // The same name and id over another text: a forgery, though another signature is good.
        let forged = try SignedNote(signing: "else\n", with: [ours]).signatures
        let mixed = try SignedNote(signing: Self.text, with: [other]).adding(forged)
        #expect(throws: TransparencyError.badSignature("PeterNeumann")) {
            try mixed.verify(with: [ours.verifier, other.verifier])
        }
        #expect(note.adding(note.signatures) == note)
    }

    @Test(arguments: [
        "", "\n", "text\n", "text\n\n", "text", "\n\n", String(note.dropLast()), note + "\n", note + "x",
        note.replacing("\n\n", with: "\n"), note.replacing("— ", with: "- "), note.replacing("— ", with: "—"),
        note.replacing("—", with: " —"), note.replacing("PeterNeumann ", with: ""),
        note.replacing("PeterNeumann", with: "Peter+Neumann"),
        note.replacing("PeterNeumann", with: "Peter\u{A0}Neumann"),
        note.replacing("AM=\n", with: "AM\n"), note.replacing("AM=\n", with: "AN=\n"),
        note.replacing("AM=\n", with: "AM= \n"), note.replacing("you", with: "y\tu"),
        note.replacing("\n", with: "\r\n"),
        text + "\n— PeterNeumann x08gow==\n",
    ])
    func `a note that is spelt in any other way is refused`(text: String) {
        #expect(throws: TransparencyError.malformed("signed note")) { try SignedNote(text) }
    }

    @Test func `bytes that are no UTF-8 are no note`() {
        #expect(throws: TransparencyError.malformed("signed note")) {
            try SignedNote(bytes: [0xFF] + Array(Self.note.utf8))
        }
    }

    @Test func `a note has a bounded number of signatures`() throws {
        let line = try #require(SigningKey.make(name: "a")).sign("x\n")
        let many = "x\n\n" + String(repeating: line + "\n", count: SignedNote.mostSignatures)
        #expect(try SignedNote(many).signatures.count == SignedNote.mostSignatures)
        #expect(throws: TransparencyError.self) { try SignedNote(many + line + "\n") }
    }

    @Test func `every cut and every changed character makes a key's text unreadable`() {
        for start in Self.verifier.indices {
            #expect(start == Self.verifier.startIndex || (try? VerifierKey(String(Self.verifier[start...]))) == nil)
            #expect((try? VerifierKey(String(Self.verifier[..<start]))) == nil)
        }
        for (text, isVerifier) in [(Self.verifier, true), (Self.secret, false)] {
            for place in text.utf8.indices {
                var bytes = Array(text.utf8)
                bytes[text.utf8.distance(from: text.utf8.startIndex, to: place)] += 1
                let changed = String(decoding: bytes, as: UTF8.self)
                if isVerifier {
                    #expect(throws: TransparencyError.self) { try VerifierKey(changed) }
                } else {
                    #expect(throws: TransparencyError.self) { try SigningKey(changed) }
                }
            }
        }
        // Well-formed otherwise, with the ids that follow: a wrong length, and a type that is not Ed25519.
        for text in [
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ] { #expect(throws: TransparencyError.self) { try VerifierKey(text) } }
        #expect(SigningKey.make(name: "") == nil)
        #expect(SigningKey.make(name: "a b") == nil)
        #expect(SigningKey.make(name: "a+b") == nil)
        #expect(SigningKey(name: "a", seed: [1, 2, 3]) == nil)
    }

    @Test func `a key keeps its bytes under another name and gets another id`() throws {
        let key = try SigningKey(Self.secret)
        let next = try #require(key.named("PeterNeumann/2"))
        #expect(next.verifier.publicKey.rawRepresentation == key.verifier.publicKey.rawRepresentation)
        #expect(next.verifier.id != key.verifier.id)
        #expect(next.verifier.description == key.verifier.named("PeterNeumann/2")?.description)
    }
}

extension SigningKey {
    /// The signature line under a text.
    func sign(_ text: String) throws -> String {
        try #require(SignedNote(signing: text, with: [self]).signatures.first).description
    }
}
