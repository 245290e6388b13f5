/// A witness as an operator names it: where it takes checkpoints, and by which key its cosignatures are known.
public struct Witness: Sendable {
    /// How many may be named; a note is read with a hundred signatures at most.
    public static let most = 16

    /// Its submission prefix, without a slash at the end.
    public let url: String
    /// Its key.
    public let key: WitnessKey

    /// Where checkpoints go.
    public var address: String { "\(url)/add-checkpoint" }

    /// Reads `<url> <verifier key>`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let words = String(text).split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 2, let key = try? WitnessKey(words[1]),
            let host = ["https://", "http://"].first(where: words[0].hasPrefix).map({ words[0].dropFirst($0.count) }),
            let first = host.utf8.first, first != UInt8(ascii: "/"), first != UInt8(ascii: ":"),
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !"@?#\\\"".utf8.contains($0) })
        else { return nil }
        url = words[0].hasSuffix("/") ? String(words[0].dropLast()) : words[0]
        self.key = key
    }

    /// Reads several, between commas or line ends; nil when one of them is none, or one stands there twice.
    public static func list(_ text: String) -> [Witness]? {
        let lines = text.split { $0 == "," || $0.isNewline }.filter { !$0.allSatisfy(\.isWhitespace) }
        let witnesses = lines.compactMap { Witness($0) }
        guard witnesses.count == lines.count, witnesses.count <= most,
            Set(witnesses.map(\.key.description)).count == witnesses.count
        else { return nil }
        return witnesses
    }
}
