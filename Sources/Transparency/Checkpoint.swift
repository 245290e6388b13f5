/// What a log says of itself at some size: the text that it signs (C2SP tlog-checkpoint).
public struct Checkpoint: Sendable, Hashable, CustomStringConvertible {
    /// The log's identity.
    public let origin: String
    /// How many entries the tree has.
    public let size: Int64
    /// The tree's root.
    public let root: TreeHash
    /// Further lines, which nobody can audit; ours has none.
    public let extensions: [String]

    /// A checkpoint of the log named `origin`.
    ///
    /// Traps when the origin is empty or more than a line.
    public init(origin: String, size: Int64, root: TreeHash) {
        precondition(Self.isLine(origin) && size >= 0, "an origin is one line")
        self.origin = origin
        self.size = size
        self.root = root
        extensions = []
    }

    /// Reads a note's text.
    ///
    /// - Throws: ``TransparencyError/malformed(_:)``.
    public init(_ text: String) throws(TransparencyError) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.popLast() == "", lines.count >= 3, lines.allSatisfy(Self.isLine),
            let size = Decimal.parse(lines[1]), let root = TreeHash(base64: lines[2]), size > 0 || root == .empty
        else { throw .malformed("checkpoint") }
        origin = lines[0]
        self.size = size
        self.root = root
        extensions = Array(lines[3...])
    }

    /// Reads what a note says, once one of the keys is found to have signed it.
    ///
    /// The key must carry the origin as its name, so that one log's key cannot speak for another.
    /// - Throws: ``TransparencyError``.
    public init(verifying note: SignedNote, with keys: [VerifierKey]) throws(TransparencyError) {
        let checkpoint = try Checkpoint(note.text)
        try note.verify(with: keys.filter { $0.name == checkpoint.origin })
        self = checkpoint
    }

    /// Reads what a note says, once one of a log's keys is found to have signed it under the log's present name or an
    /// earlier one.
    ///
    /// - Throws: ``TransparencyError``.
    public init(verifying note: SignedNote, ofLog keys: [VerifierKey]) throws(TransparencyError) {
        let checkpoint = try Checkpoint(note.text)
        try note.verify(
            with: keys.filter { Origin.isOf(log: $0.name, checkpoint.origin) }
                .compactMap { $0.named(checkpoint.origin) })
        self = checkpoint
    }

    /// The text that is signed.
    public var description: String {
        ([origin, String(size), root.base64] + extensions).map { $0 + "\n" }.joined()
    }

    /// The checkpoint as a note.
    public func signed(with keys: [SigningKey]) throws(TransparencyError) -> SignedNote {
        try SignedNote(signing: description, with: keys)
    }

    private static func isLine(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 }
    }
}
