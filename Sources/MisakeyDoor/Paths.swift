import AccountDomain
import DoorKit

extension DoorRequest {
    /// The id in the path, in either case.
    ///
    /// - Throws: ``MisakeyError`` for anything but a random UUID, under the name that the dialect has for it.
    func id(_ name: String) throws -> StreamID {
        guard let text = Self.randomUUID(try parameter("id")), let id = StreamID(text) else {
            throw MisakeyError(.badRequest, .path, name, .malformed)
        }
        return id
    }

    /// What the dialect calls the id in the path, known by what stands before it.
    var idName: String {
        if path.hasPrefix("/identities") { return "identity_id" }
        return path.hasPrefix("/crypto") ? "box_id" : "account_id"
    }

    /// A UUID of version 4 in lower case; nil for anything else.
    static func randomUUID(_ text: String) -> String? {
        let lowered = String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        guard let id = StreamID(lowered), id.high >> 12 & 0xF == 4, id.low >> 62 == 2 else { return nil }
        return lowered
    }
}
