/// Where attempts are counted so that every gateway, and a later one, knows of them.
public protocol AttemptStore: Sendable {
    /// Counts one attempt, committed before this returns.
    ///
    /// - Parameters:
    ///   - kind: what is tried; a name of ours, part of the key.
    ///   - subject: whose attempt it is, as bytes; only a keyed digest of it is kept.
    ///   - attempts: how many are allowed at once.
    ///   - refillSeconds: after how long one more is.
    /// - Returns: nil when it is allowed, else the seconds to wait; a refused attempt is not counted.
    /// - Throws: ``Failure/unavailable(retryAfterSeconds:)``.
    func take(kind: String, subject: [UInt8], attempts: Int, refillSeconds: Int) async throws(Failure) -> Int?

    /// Gives an attempt back, when it turned out to be right.
    func refund(kind: String, subject: [UInt8], refillSeconds: Int) async throws(Failure)
}
