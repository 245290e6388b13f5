/// A witness's word that a log was only extended up to a checkpoint, as it saw it, and when (C2SP tlog-cosignature,
/// `cosignature/v1`).
public struct Cosignature: Sendable, Equatable {
    /// When, in seconds since 1970.
    public let time: Int64
    /// The line as it stands under the note.
    public let line: NoteSignature

    /// What the key made of ``message(_:)``.
    var signature: ArraySlice<UInt8> { line.bytes.dropFirst(8) }

    /// Takes a line apart: eight bytes of time, then the signature; nil when it is no such line.
    init?(_ line: NoteSignature) {
        guard line.bytes.count == 72 else { return nil }
        let time = line.bytes.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        guard let time = Int64(exactly: time) else { return nil }
        self.time = time
        self.line = line
    }

    /// What is signed for a note's text.
    func message(_ text: String) -> String { "cosignature/v1\ntime \(time)\n\(text)" }
}
