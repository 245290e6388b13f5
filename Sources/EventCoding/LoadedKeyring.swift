import Synchronization

/// The keyring in use, and where it comes from: the file is read again when an epoch turns up that is not in it.
public final class LoadedKeyring: Sendable {
    private let keyring: Mutex<Keyring>
    private let read: @Sendable () -> Keyring?

    /// A keyring and how to read it again.
    public init(_ keyring: Keyring, read: @escaping @Sendable () -> Keyring? = { nil }) {
        self.keyring = Mutex(keyring)
        self.read = read
    }

    /// The keyring as it was read last.
    public var current: Keyring { keyring.withLock { $0 } }

    /// Reads the file again; a file that cannot be read changes nothing.
    public func reload() {
        guard let fresh = read() else { return }
        keyring.withLock { $0 = fresh }
    }

    /// The keyring, read again when it lacks an epoch.
    public func holding(_ epoch: Int32) -> Keyring {
        let present = current
        if present.numbers.contains(epoch) { return present }
        reload()
        return current
    }
}
