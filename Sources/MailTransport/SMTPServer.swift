import Glibc

/// A mail server as `LEDGER_SMTP_URL` names it: `smtp[s]://[user:password@]host[:port][?tls=…&ca=…]`.
public struct SMTPServer: Sendable, Equatable {
    /// How the connection is protected.
    public enum Security: String, Sendable, Equatable, CaseIterable {
        /// TLS from the first byte on (`smtps`).
        case implicit
        /// STARTTLS, or no mail.
        case required
        /// STARTTLS when the server offers it.
        case opportunistic
        /// Never TLS.
        case none
    }

    /// A text that names no mail server; says why, without the text, which may hold a password.
    public struct InvalidURL: Error, Sendable, Equatable, CustomStringConvertible {
        /// What is wrong with it.
        public let description: String
    }

    /// Host name or address, an IPv6 address without brackets.
    public let host: String
    /// The port: 587 for `smtp`, 465 for `smtps` when none is named.
    public let port: Int
    /// How the connection is protected.
    public let security: Security
    /// The name to log in with; nil for no log-in.
    public let user: String?
    /// The password, secret.
    let password: String?
    /// A file of certificates (PEM) that are trusted in place of the system's.
    public let caFile: String?

    /// Reads a URL.
    ///
    /// Without `tls=`, STARTTLS is required when there is a password, except on this machine; else used when offered.
    public init(url: String) throws(InvalidURL) {
        let isImplicit = url.hasPrefix("smtps://")
        guard isImplicit || url.hasPrefix("smtp://") else {
            throw Self.invalid("does not begin with smtp:// or smtps://")
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { throw Self.invalid("holds blanks or controls") }
        var rest = url.dropFirst(isImplicit ? 8 : 7)
        var query: Substring = ""
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        if rest.last == "/" { rest.removeLast() }
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let user = Self.decoded(parts[0]), !user.isEmpty else {
                throw Self.invalid("has no user before the @")
            }
            guard let password = parts.count > 1 ? Self.decoded(parts[1]) : "" else {
                throw Self.invalid("has a password that is not percent-encoded UTF-8")
            }
            (self.user, self.password) = (user, password)
            rest = rest[rest.index(after: at)...]
        } else {
            (user, password) = (nil, nil)
        }
        (host, port) = try Self.place(rest, defaultPort: isImplicit ? 465 : 587)
        var security: Security?
        var caFile: String?
        for option in query.split(separator: "&") {
            let parts = option.split(separator: "=", maxSplits: 1)
            switch (parts.first, parts.count > 1 ? Self.decoded(parts[1]) : nil) {
            case ("tls", let value?):
                security = Security(rawValue: value)
                guard let security, security != .implicit, !isImplicit else {
                    throw Self.invalid("has a tls= that is none of required, opportunistic, none (smtp:// only)")
                }
            case ("ca", let value?) where !value.isEmpty: caFile = value
            default: throw Self.invalid("has an option that is neither tls= nor ca=")
            }
        }
        let byDefault: Security = user != nil && !Self.isLocal(host) ? .required : .opportunistic
        self.security = isImplicit ? .implicit : security ?? byDefault
        self.caFile = caFile
    }

    private static func place(_ text: Substring, defaultPort: Int) throws(InvalidURL) -> (String, Int) {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else {
                throw invalid("has an address without its closing bracket")
            }
            host = text[text.index(after: text.startIndex)..<end]
            let after = text[text.index(after: end)...]
            guard after.isEmpty || after.first == ":" else { throw invalid("is not of the form smtp://host:port") }
            if !after.isEmpty { port = after.dropFirst() }
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let isAddress = text.first == "["
        let isFine = host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
            case UInt8(ascii: ":"): isAddress
            default: false
            }
        }
        guard isFine, !host.isEmpty else { throw invalid("names no host") }
        guard let port else { return (String(host), defaultPort) }
        guard let number = Int(port), (1...65_535).contains(number) else {
            throw invalid("has no port from 1 to 65535")
        }
        return (String(host), number)
    }

    private static func isLocal(_ host: String) -> Bool {
        host == "localhost" || host.hasPrefix("127.") || host == "::1"
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                value >= 0x20, value != 0x7f
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func invalid(_ reason: String) -> InvalidURL { InvalidURL(description: reason) }
}

extension SMTPServer: CustomStringConvertible {
    /// Host and port; the log-in is left out.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
