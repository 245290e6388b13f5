public import EventCoding

/// The secrets of one log: what opens boxes, and what turns values into look-up keys.
public struct LedgerKeys: Sendable {
    /// The epoch keys that wrap the streams' keys.
    public let keyring: Keyring
    /// Pepper, tokens, cursors, idempotency ids.
    public let master: MasterKey

    /// The secrets of a log.
    public init(keyring: Keyring, master: MasterKey) {
        self.keyring = keyring
        self.master = master
    }
}
