import StrictJSON

/// A text with signatures below (C2SP signed-note).
public struct SignedNote: Sendable, Equatable, CustomStringConvertible {
    /// How many signatures are read at most; the specification asks for at least 16.
    public static let mostSignatures = 100

    /// What is signed, its last newline included.
    public let text: String
    /// The signatures, as they stand; nothing is known of them before ``verify(with:)``.
    public let signatures: [NoteSignature]

    /// Signs a text.
    ///
    /// - Throws: ``TransparencyError/malformed(_:)`` when the text does not end in a newline or holds other control
    ///   characters.
    public init(signing text: String, with keys: [SigningKey]) throws(TransparencyError) {
        guard Self.isNoteText(text), !keys.isEmpty else { throw .malformed("signed note") }
        self.init(text: text, signatures: keys.map { $0.signature(for: text) })
    }

    private init(text: String, signatures: [NoteSignature]) {
        self.text = text
        self.signatures = signatures
    }

    /// Reads a note from its bytes.
    ///
    /// - Throws: ``TransparencyError/malformed(_:)``.
    public init(bytes: some Collection<UInt8>) throws(TransparencyError) {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed("signed note") }
        try self.init(text)
    }

    /// Reads a note.
    ///
    /// - Throws: ``TransparencyError/malformed(_:)``.
    public init(_ note: String) throws(TransparencyError) {
        let bytes = Array(note.utf8)
        guard Self.isNoteText(note), let end = Self.endOfText(bytes) else { throw .malformed("signed note") }
        var signatures: [NoteSignature] = []
        for line in bytes[(end + 1)..<(bytes.count - 1)].split(separator: 0x0A, omittingEmptySubsequences: false) {
            guard signatures.count < Self.mostSignatures,
                let signature = NoteSignature(line: String(decoding: line, as: UTF8.self))
            else { throw .malformed("signed note") }
            signatures.append(signature)
        }
        self.init(text: String(decoding: bytes[..<end], as: UTF8.self), signatures: signatures)
    }

    /// The note as it is stored and served.
    public var description: String { text + "\n" + signatures.map { "\($0)\n" }.joined() }

    /// The signatures that known keys made.
    ///
    /// A signature under an unknown name or id is passed over; one under a known name and id must fit.
    /// - Throws: ``TransparencyError/badSignature(_:)`` or ``TransparencyError/noKnownSignature``.
    @discardableResult
    public func verify(with keys: [VerifierKey]) throws(TransparencyError) -> [NoteSignature] {
        var verified: [NoteSignature] = []
        for signature in signatures {
            let known = keys.filter { $0.name == signature.name && $0.id == signature.keyID }
            guard !known.isEmpty else { continue }
            // Two keys may share name and id by accident: one of them must have made it.
            guard known.contains(where: { $0.isValid(signature.bytes, for: text) }) else {
                throw .badSignature(signature.name)
            }
            verified.append(signature)
        }
        if verified.isEmpty { throw .noKnownSignature }
        return verified
    }

    /// The note with further signatures below, such as witnesses give.
    public func adding(_ more: [NoteSignature]) -> SignedNote {
        SignedNote(text: text, signatures: signatures + more.filter { !signatures.contains($0) })
    }

    private static func isNoteText(_ text: String) -> Bool {
        text.utf8.last == 0x0A && text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A }
    }

    /// Where the blank line stands that divides text and signatures: the last empty one.
    private static func endOfText(_ bytes: [UInt8]) -> Int? {
        guard bytes.count > 3 else { return nil }
        for place in (1..<(bytes.count - 1)).reversed() where bytes[place] == 0x0A && bytes[place - 1] == 0x0A {
            return place
        }
        return nil
    }
}

/// One line under a note: `— <name> <base64>`.
public struct NoteSignature: Sendable, Hashable, CustomStringConvertible {
    /// The key's name.
    public let name: String
    /// The key's id.
    public let keyID: UInt32
    /// What the key made of the text, by its own algorithm.
    public let bytes: [UInt8]

    init(name: String, keyID: UInt32, bytes: [UInt8]) {
        self.name = name
        self.keyID = keyID
        self.bytes = bytes
    }

    /// Reads a line, without its newline; nil unless it is spelt exactly so.
    public init?(line: String) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[0] == "\u{2014}", KeyName.isValid(parts[1]), let bytes = Base64.decode(parts[2]),
            bytes.count > 4
        else { return nil }
        self.init(
            name: parts[1], keyID: bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }, bytes: Array(bytes.dropFirst(4)))
    }

    /// The line, without its newline.
    public var description: String {
        let id = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: keyID >> $0) }
        return "\u{2014} \(name) \(Base64.encode(id + bytes))"
    }
}
