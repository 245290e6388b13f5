import DoorKit
import NIOHTTP1

/// The cookies of a request; of a name that is given twice there is none, for nobody can tell which is meant.
struct Cookies {
    private var values: [String: String] = [:]
    private var doubled: Set<String> = []

    init(_ request: DoorRequest) {
        for field in request.headers["Cookie"] {
            for pair in field.split(separator: ";") {
                let pair = pair.drop { $0 == " " || $0 == "\t" }
                guard let equals = pair.firstIndex(of: "=") else { continue }
                let name = String(pair[..<equals])
                var value = pair[pair.index(after: equals)...]
                while value.last == " " || value.last == "\t" { value.removeLast() }
                if values.updateValue(String(value), forKey: name) != nil { doubled.insert(name) }
            }
        }
    }

    /// Whether there is one of this name, or more.
    func has(_ name: String) -> Bool { values[name] != nil }

    /// The value of the one of this name; nil for none, several, or an empty one.
    subscript(_ name: String) -> String? {
        guard !doubled.contains(name), let value = values[name], !value.isEmpty else { return nil }
        return value
    }
}

extension DoorResponse.Header {
    /// Sets a cookie that scripts cannot read and that is sent over TLS alone.
    static func setCookie(_ name: String, _ value: String, seconds: Int, sameSite: Bool = false) -> Self {
        .init(
            "Set-Cookie",
            "\(name)=\(value); Path=/; HttpOnly; Secure; Max-Age=\(seconds)" + (sameSite ? "; SameSite=Lax" : ""))
    }
}
