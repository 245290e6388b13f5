import AccountDomain

/// A path of this door as it was sent, for what is refused before a route's handler sees it.
struct MeldPath {
    private let segments: [Substring]

    init(_ path: Substring) {
        segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { $0 }
    }

    /// Whether it is the path of a route, but for a name that no account can have.
    var holdsBadName: Bool {
        guard allow != nil, segments.count >= 4, segments[2] == "user" || segments[2] == "domain",
            !segments[3].isEmpty
        else { return false }
        return (try? AccountName(String(segments[3]))) == nil
    }

    /// The methods of the path's route; nil when it is none's.
    var allow: String? {
        guard segments.count >= 3, segments[0] == "api", segments[1] == "v1" else {
            return segments == ["register"] ? "GET, HEAD, OPTIONS" : segments == ["activate"] ? "POST, OPTIONS" : nil
        }
        switch (segments[2], segments.count) {
        case ("context", 3), ("publicKey", 3): return "GET, HEAD, OPTIONS"
        case ("user", 4): return "GET, HEAD, PATCH, OPTIONS"
        case ("user", 5) where segments[4] == "activation" || segments[4] == "key": return "POST, OPTIONS"
        case ("user", 6) where segments[4] == "publicKey": return "GET, HEAD, OPTIONS"
        case ("domain", 4): return "POST, OPTIONS"
        case ("domain", 5): return "PUT, OPTIONS"
        case ("remotes", 4) where segments[3] == "decision": return "POST, OPTIONS"
        default: return nil
        }
    }
}
