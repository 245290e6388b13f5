public import AccountDomain

/// Finds activations by when they closed.
public protocol ActivationCalendar: Sendable {
    /// Activations that closed before a moment and are not forgotten yet, the oldest first.
    func closed(before moment: Moment, limit: Int) async throws(Failure) -> [ActivationID]
}
