import StrictJSON

/// A proof that an entry stands in a log, to be checked offline (C2SP tlog-proof).
public struct TlogProof: Sendable, Equatable, CustomStringConvertible {
    /// Opaque bytes beside the proof, which nothing vouches for.
    public let extra: [UInt8]?
    /// Place of the entry, counted from 0.
    public let index: Int64
    /// The inclusion proof, from the leaf's sibling up to the root's child.
    public let hashes: [TreeHash]
    /// The checkpoint, byte for byte.
    public let note: SignedNote

    /// A proof from its parts.
    public init(_ proof: InclusionProof, note: SignedNote, extra: [UInt8]? = nil) {
        index = proof.index
        hashes = proof.hashes
        self.note = note
        self.extra = extra
    }

    /// Reads the text form.
    ///
    /// - Throws: ``TransparencyError/malformed(_:)``.
    public init(_ text: String) throws(TransparencyError) {
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // A proof has at most as many hashes as a tree has levels; whatever goes on longer is none.
        guard let blank = parts.prefix(70).firstIndex(of: ""), parts.first == Self.header else {
            throw .malformed("tlog-proof")
        }
        var lines = parts[1..<blank]
        var extra: [UInt8]?
        if let line = lines.first, line.hasPrefix("extra ") {
            extra = Base64.decode(String(line.dropFirst(6)))
            lines.removeFirst()
            if extra == nil { throw .malformed("tlog-proof") }
        }
        guard let line = lines.popFirst(), line.hasPrefix("index "), let index = Decimal.parse(line.dropFirst(6)),
            lines.count <= 63
        else { throw .malformed("tlog-proof") }
        var hashes: [TreeHash] = []
        for line in lines {
            guard let hash = TreeHash(base64: line) else { throw .malformed("tlog-proof") }
            hashes.append(hash)
        }
        self.extra = extra
        self.index = index
        self.hashes = hashes
        note = try SignedNote(parts[(blank + 1)...].joined(separator: "\n"))
    }

    /// The text form.
    public var description: String {
        var lines = [Self.header]
        if let extra { lines.append("extra " + Base64.encode(extra)) }
        lines.append("index \(index)")
        lines += hashes.map(\.base64)
        return lines.map { $0 + "\n" }.joined() + "\n" + String(describing: note)
    }

    /// The checkpoint, when a known key signed it and the entry with this hash stands in its tree at ``index``.
    ///
    /// - Throws: ``TransparencyError``; ``TransparencyError/malformed(_:)`` also when the hashes lead elsewhere.
    public func verify(leaf leafHash: TreeHash, with keys: [VerifierKey]) throws(TransparencyError) -> Checkpoint {
        let checkpoint = try Checkpoint(verifying: note, with: keys)
        let proof = InclusionProof(index: index, size: checkpoint.size, hashes: hashes)
        guard proof.proves(leaf: leafHash, in: checkpoint.root) else { throw .malformed("inclusion proof") }
        return checkpoint
    }

    private static let header = "c2sp.org/tlog-proof@v1"
}
