import Crypto

/// Makes and opens the opaque cursors of paged answers.
///
/// A cursor is authenticated, not secret: it carries positions and ids, never anything personal. It is bound to a
/// scope, such as route, caller and filters, so that one list's cursor is refused by another.
public struct CursorSealer: Sendable {
    private let key: SymmetricKey
    private static let tagBytes = 16

    /// Makes a sealer with a key of the deployment, so that every gateway opens what another sealed.
    public init(key: [UInt8]) { self.key = SymmetricKey(data: key) }

    /// Seals `payload` for `scope`.
    public func seal(_ payload: [UInt8], scope: String) -> String {
        Base64URL.encode(payload + tag(payload, scope))
    }

    /// Opens a cursor of `scope`.
    ///
    /// - Throws: `malformed-request` when it is damaged or another's.
    public func open(_ cursor: String, scope: String) throws(Problem) -> [UInt8] {
        guard cursor.utf8.count <= 2_048, let bytes = Base64URL.decode(cursor), bytes.count >= Self.tagBytes else {
            throw Self.damaged
        }
        let payload = Array(bytes.dropLast(Self.tagBytes))
        // Compared without a shortcut, so that time tells nothing about the right tag.
        let difference = zip(tag(payload, scope), bytes.suffix(Self.tagBytes)).reduce(0) { $0 | ($1.0 ^ $1.1) }
        guard difference == 0 else { throw Self.damaged }
        return payload
    }

    private static let damaged = Problem(.malformedRequest, "The cursor is damaged or belongs to another list.")

    private func tag(_ payload: [UInt8], _ scope: String) -> [UInt8] {
        var mac = HMAC<SHA256>(key: key)
        let scope = Array(scope.utf8)
        mac.update(data: Array("cursor.v1:\(scope.count):".utf8))
        mac.update(data: scope)
        mac.update(data: payload)
        return Array(mac.finalize().prefix(Self.tagBytes))
    }
}
