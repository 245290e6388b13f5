import Synchronization

/// The keyring in use, and where it comes from: the file is read again when an epoch turns up that is not in it.
///
/// A file that contradicts what is in use is not taken over: a wrong file put in place must not cost a running gateway
/// the keys that it has.
public final class LoadedKeyring: Sendable {
    /// An epoch as the database knows it.
    public struct KnownEpoch: Sendable, Equatable {
        /// Its number.
        public let number: Int32
        /// What ``Keyring/checkValue(of:)`` must be.
        public let checkValue: [UInt8]
        /// Whether it was retired.
        public let isRetired: Bool

        /// An epoch.
        public init(number: Int32, checkValue: [UInt8], isRetired: Bool) {
            self.number = number
            self.checkValue = checkValue
            self.isRetired = isRetired
        }
    }

    private struct State {
        var keyring: Keyring
        /// Nothing is wrapped under these: the database does not know them yet, or has retired them.
        var closed: Set<Int32> = []
    }

    private let state: Mutex<State>
    private let read: @Sendable () -> Keyring?

    /// A keyring and how to read it again.
    public init(_ keyring: Keyring, read: @escaping @Sendable () -> Keyring? = { nil }) {
        state = Mutex(State(keyring: keyring))
        self.read = read
    }

    /// The keyring as it was read last.
    public var current: Keyring { state.withLock { $0.keyring } }

    /// Reads the file again; a file that cannot be read, or holds other keys for the same epochs, changes nothing.
    ///
    /// - Returns: whether the file was taken over.
    @discardableResult
    public func reload() -> Bool {
        guard let fresh = read() else { return false }
        return state.withLock { state in
            guard fresh.agrees(with: state.keyring) else { return false }
            state.keyring = fresh.closing(state.closed)
            return true
        }
    }

    /// The keyring, read again when it lacks an epoch.
    public func holding(_ epoch: Int32) -> Keyring {
        let present = current
        if present.numbers.contains(epoch) { return present }
        reload()
        return current
    }

    /// Notes that the database takes no key under an epoch, and reads the file again.
    ///
    /// The epoch was retired, or the file was read before the epoch was made known to the database.
    ///
    /// - Returns: whether there is now another epoch to wrap under.
    public func refuse(_ epoch: Int32) -> Bool {
        state.withLock { state in
            state.closed.insert(epoch)
            state.keyring = state.keyring.closing(state.closed)
        }
        reload()
        return current.current != epoch
    }

    /// Learns which epochs the database has; reads the file again when it lacks one, or holds one that was retired.
    ///
    /// - Returns: the epochs in use whose keys are missing or wrong.
    public func learn(_ epochs: [KnownEpoch]) -> [Int32] {
        let living = epochs.filter { !$0.isRetired }
        let held = current.numbers
        if living.contains(where: { !held.contains($0.number) })
            || epochs.contains(where: { $0.isRetired && held.contains($0.number) })
        {
            reload()
        }
        return state.withLock { state in
            let right = living.filter { state.keyring.checkValue(of: $0.number) == $0.checkValue }.map(\.number)
            state.closed = Set(state.keyring.numbers).subtracting(right)
            state.keyring = state.keyring.closing(state.closed)
            return living.map(\.number).filter { !right.contains($0) }
        }
    }
}
