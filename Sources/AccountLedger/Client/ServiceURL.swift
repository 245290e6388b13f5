/// The address of the service: scheme, host and port, without a path.
struct ServiceURL: Sendable, Equatable, CustomStringConvertible {
    /// Whether the connection is encrypted.
    let isSecure: Bool
    /// The host name or address, without brackets.
    let host: String
    /// The port, the scheme's when none is named.
    let port: Int

    init(host: String, port: Int) {
        isSecure = false
        self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        self.port = port
    }

    /// Reads `http://host:port` or `https://host`, with nothing behind it but a slash.
    init?(_ text: String) {
        let rest: Substring
        if text.hasPrefix("http://") {
            isSecure = false
            rest = text.dropFirst(7)
        } else if text.hasPrefix("https://") {
            isSecure = true
            rest = text.dropFirst(8)
        } else {
            return nil
        }
        var authority = rest.last == "/" ? rest.dropLast() : rest
        guard !authority.isEmpty, authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            !authority.contains(where: { "/?#@\\\"".contains($0) })
        else { return nil }
        var port: Int?
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            guard let number = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(number) else {
                return nil
            }
            port = number
            authority = authority[..<colon]
        }
        if authority.hasPrefix("["), authority.hasSuffix("]") {
            host = String(authority.dropFirst().dropLast())
        } else {
            guard !authority.contains(":"), !authority.isEmpty else { return nil }
            host = String(authority)
        }
        self.port = port ?? (isSecure ? 443 : 80)
    }

    /// `host:port` as a Host field has it.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    var description: String { "\(isSecure ? "https" : "http")://\(authority)" }
}
