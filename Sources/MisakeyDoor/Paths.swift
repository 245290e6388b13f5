import AccountDomain
import DoorKit

extension DoorRequest {
    /// The id in the path, in either case.
    ///
    /// - Throws: ``MisakeyError`` for anything but a random UUID, under the name that the dialect has for it; the
    ///   problem of a query that cannot be read.
    func id(_ name: String) throws -> StreamID {
        guard let text = (try? parameter("id")).flatMap(Self.randomUUID), let id = StreamID(text) else {
            throw MisakeyError(.badRequest, .path, name, .malformed)
        }
        try requireReadableQuery()
        return id
    }

    /// No route has a use for a query, but one that cannot be read is no request of a client of this API.
    func requireReadableQuery() throws(Problem) {
        if let queryProblem { throw queryProblem }
    }

    /// A UUID of version 4 in lower case; nil for anything else.
    static func randomUUID(_ text: String) -> String? {
        let lowered = String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        guard let id = StreamID(lowered), id.high >> 12 & 0xF == 4, id.low >> 62 == 2 else { return nil }
        return lowered
    }
}
