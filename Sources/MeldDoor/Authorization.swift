import DoorKit
import NIOHTTP1
import StrictJSON

/// What stands in the `Authorization` header.
enum Authorization: Equatable {
    /// There is none, or one of another scheme.
    case none
    /// Basic, with what follows it.
    case basic(String)
    /// Bearer, with what follows it.
    case bearer(String)

    /// Reads the header; schemes are compared without their case.
    ///
    /// - Throws: `InvalidHeader` when it is no scheme and one word after it, or comes twice.
    init(_ request: DoorRequest) throws(MeldError) {
        let fields = request.headers["Authorization"]
        guard fields.count <= 1 else { throw .invalidHeader }
        guard let field = fields.first, !field.isEmpty else {
            self = .none
            return
        }
        guard let blank = field.firstIndex(of: " ") else { throw .invalidHeader }
        let rest = field[blank...].drop { $0 == " " }
        guard !rest.isEmpty else { throw .invalidHeader }
        switch field[..<blank].lowercased() {
        case "basic": self = .basic(String(rest))
        case "bearer": self = .bearer(String(rest))
        default: self = .none
        }
    }

    /// The name and the whole key of Basic: split at the first colon, for the key holds one itself.
    var nameAndKey: (name: String, key: String)? {
        guard case .basic(let text) = self, text.utf8.count <= 4_096, let bytes = Base64.decode(text),
            let decoded = String(validating: bytes, as: UTF8.self),
            let colon = decoded.utf8.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        let key = decoded[decoded.utf8.index(after: colon)...]
        return key.isEmpty ? nil : (String(decoded[..<colon]), String(key))
    }
}
