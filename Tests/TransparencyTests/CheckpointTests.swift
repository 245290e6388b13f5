import Testing
import Transparency

@Suite struct CheckpointTests {
    static let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

    @Test func `the specification's example is read and printed`() throws {
        let note = try SignedNote(
            Self.text
                + "\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1"
                + "gGzGku9nTo+zyWE+xeMcTOAYQ8=\n")
        let checkpoint = try Checkpoint(note.text)
        #expect(checkpoint.origin == "example.com/behind-the-sofa")
        #expect(checkpoint.size == 20_852_163)
        #expect(checkpoint.root.base64 == "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
        #expect(checkpoint.description == Self.text)
    }

    @Test(arguments: [
        "", "\n", "a\n1\n", String(text.dropLast()), text + "\n", "\n1\n" + Checkpoint.emptyRoot,
        text.replacing("20852163", with: "020852163"), text.replacing("20852163", with: "-1"),
        text.replacing("20852163", with: "+1"), text.replacing("20852163", with: "0"),
        text.replacing("20852163", with: "9223372036854775808"), text.replacing("q2I=", with: "q2I"),
        text.replacing("q2I=", with: "q2J="), text.replacing("CsUY", with: ""), text.replacing("\n", with: "\n\n"),
    ])
    func `a checkpoint that is spelt in any other way is refused`(text: String) {
        #expect(throws: TransparencyError.malformed("checkpoint")) { try Checkpoint(text) }
    }

    @Test func `extensions are kept, and an empty tree has the empty root`() throws {
        let extended = Self.text + "more\n"
        #expect(try Checkpoint(extended).extensions == ["more"])
        #expect(try Checkpoint(extended).description == extended)
        let empty = Checkpoint(origin: "a", size: 0, root: .empty)
        #expect(empty.description == "a\n0\n" + Checkpoint.emptyRoot + "\n")
        #expect(try Checkpoint(empty.description) == empty)
    }

    @Test func `only the log's own key vouches for its checkpoint`() throws {
        let key = try #require(SigningKey.make(name: "log.example"))
        let other = try #require(SigningKey.make(name: "other.example"))
        let checkpoint = Checkpoint(origin: "log.example", size: 1, root: .leaf([1]))
        let note = try checkpoint.signed(with: [key])
        #expect(try Checkpoint(verifying: note, with: [other.verifier, key.verifier]) == checkpoint)
        let foreign = try checkpoint.signed(with: [other])
        #expect(throws: TransparencyError.noKnownSignature) {
            try Checkpoint(verifying: foreign, with: [other.verifier, key.verifier])
        }
    }

    @Test func `a proof travels as text and is checked offline`() throws {
        let key = try #require(SigningKey.make(name: "log.example"))
        let tree = NaiveTree(size: 11)
        let checkpoint = Checkpoint(origin: "log.example", size: 11, root: tree.hash(of: 0..<11))
        let inclusion = InclusionProof(index: 6, size: 11) { tree.hash(of: $0) }
        for extra in [nil, [UInt8](), [1, 2, 3]] {
            let proof = TlogProof(inclusion, note: try checkpoint.signed(with: [key]), extra: extra)
            let text = proof.description
            #expect(text.hasPrefix("c2sp.org/tlog-proof@v1\n" + (extra == nil ? "index 6\n" : "extra ")))
            let read = try TlogProof(text)
            #expect(read == proof)
            #expect(try read.verify(leaf: .leaf(tree.leaves[6]), with: [key.verifier]) == checkpoint)
            #expect(throws: TransparencyError.self) {
                try read.verify(leaf: .leaf(tree.leaves[5]), with: [key.verifier])
            }
            for wrong in [
                text.replacing("@v1", with: "@v2"), text.replacing("index 6", with: "index 06"),
                text.replacing("index 6", with: "index -6"), text.replacing("index 6\n", with: ""),
                text.replacing("\n\n", with: "\n"), "\n" + text, String(text.dropLast()),
            ] { #expect(throws: TransparencyError.self) { try TlogProof(wrong) } }
        }
    }
}

extension Checkpoint {
    /// SHA-256 of nothing.
    static let emptyRoot = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
}
