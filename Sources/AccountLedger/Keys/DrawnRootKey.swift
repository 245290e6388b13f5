/// A new root key string, `appId.keyid:secret`: forty random bytes as letters from a to p, six of them the key's name.
enum DrawnRootKey {
    /// Draws one; the letters of the domain's first label name root.
    static func make(for domain: String) -> String {
        let label = domain.split(separator: ".").first?.filter { ("a"..."z").contains($0) } ?? ""
        let name = label.isEmpty || label == "localhost" ? "ledger" : label
        var generator = SystemRandomNumberGenerator()
        var letters = ""
        for _ in 0..<80 {
            letters.unicodeScalars.append(
                Unicode.Scalar(UInt8(ascii: "a") + UInt8.random(in: 0..<16, using: &generator)))
        }
        return "\(name).\(letters.prefix(6)):\(letters.dropFirst(6))"
    }
}
