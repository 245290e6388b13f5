/// What a witness says to an offer (C2SP tlog-witness).
public enum WitnessAnswer: Sendable, Equatable {
    /// It has the checkpoint; the lines are not verified yet.
    case cosigned([NoteSignature])
    /// It saw this size last, and another one or another tree of it was offered.
    case size(Int64)
    /// The proof does not lead from what it saw to what was offered.
    case inconsistent
    /// Anything else by its status: 404 when it does not know the log, 403 when it does not know the key.
    case other(Int)

    /// Reads an answer.
    public init(status: Int, contentType: String, body: [UInt8]) {
        switch status {
        case 200:
            let lines = String(validating: body, as: UTF8.self)?.split(separator: "\n") ?? []
            let signatures = lines.prefix(SignedNote.mostSignatures).compactMap { NoteSignature(line: String($0)) }
            self = signatures.isEmpty || signatures.count < lines.count ? .other(status) : .cosigned(signatures)
        case 409:
            guard contentType.prefix(while: { $0 != ";" && $0 != " " }) == "text/x.tlog.size", body.last == 0x0A,
                let size = Decimal.parse(String(decoding: body.dropLast(), as: UTF8.self))
            else {
                self = .other(status)
                return
            }
            self = .size(size)
        case 422: self = .inconsistent
        default: self = .other(status)
        }
    }
}
