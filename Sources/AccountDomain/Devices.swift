/// A device as it was added.
public struct Device: Sendable, Equatable {
    /// Its place among the account's devices: what events name it by, since its id is the owner's own text.
    public let ordinal: Int
    /// The id that its owner gave it.
    public let id: DeviceID
    /// What its owner calls it.
    public let name: DeviceName?
    /// The public key that it registered.
    public let publicKey: PublicKeyText?

    /// A device.
    public init(ordinal: Int, id: DeviceID, name: DeviceName?, publicKey: PublicKeyText?) {
        self.ordinal = ordinal
        self.id = id
        self.name = name
        self.publicKey = publicKey
    }
}

/// The account's devices: added, renamed, revoked for good.
public struct Devices: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Adds a device.
        case add(id: DeviceID, name: DeviceName?, publicKey: PublicKeyText?)
        /// Calls a device something else.
        case rename(id: DeviceID, name: DeviceName?)
        /// Ends a device for good.
        case revoke(id: DeviceID, reason: Reason?)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A device was added.
        case added(Device)
        /// A device has another name.
        case renamed(ordinal: Int, name: DeviceName?)
        /// A device was revoked.
        case revoked(ordinal: Int, reason: Reason?)
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// A device with this id is there already.
        case exists
        /// The device was revoked; its id is not used again.
        case revoked
        /// There is no such device.
        case notFound
        /// Devices of this system join at its own door.
        case joinsAtItsDoor(System)
        /// The account has as many devices as it may have.
        case tooMany
    }

    /// A device in the account's state.
    public struct Entry: Sendable, Equatable {
        /// Its place.
        public let ordinal: Int
        /// Its id.
        public let id: DeviceID
        /// Its name.
        public var name: DeviceName?
        /// Whether it was revoked.
        public var isRevoked: Bool
    }

    /// How many devices that were not revoked an account may have.
    public static let maximumLiving = 1_000

    /// All devices, in the order of their ordinals.
    public private(set) var entries: [Entry] = []

    /// How many devices there ever were.
    public var count: Int { entries.count }

    init() {}

    func decide(_ command: Command, system: System) throws(Refusal) -> [Event] {
        switch command {
        case .add(let id, let name, let publicKey):
            guard system != .jami else { throw .joinsAtItsDoor(system) }
            if let present = entries.first(where: { $0.id == id }) { throw present.isRevoked ? .revoked : .exists }
            guard entries.count(where: { !$0.isRevoked }) < Self.maximumLiving else { throw .tooMany }
            let (ordinal, isExhausted) = (entries.last?.ordinal ?? 0).addingReportingOverflow(1)
            guard !isExhausted else { throw .tooMany }
            return [.added(Device(ordinal: ordinal, id: id, name: name, publicKey: publicKey))]
        case .rename(let id, let name):
            let entry = try entry(id)
            guard !entry.isRevoked else { throw .revoked }
            return entry.name == name ? [] : [.renamed(ordinal: entry.ordinal, name: name)]
        case .revoke(let id, let reason):
            let entry = try entry(id)
            return entry.isRevoked ? [] : [.revoked(ordinal: entry.ordinal, reason: reason)]
        }
    }

    private func entry(_ id: DeviceID) throws(Refusal) -> Entry {
        guard let entry = entries.first(where: { $0.id == id }) else { throw .notFound }
        return entry
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .added(let device):
            entries.append(Entry(ordinal: device.ordinal, id: device.id, name: device.name, isRevoked: false))
        case .renamed(let ordinal, let name): change(ordinal) { $0.name = name }
        case .revoked(let ordinal, _): change(ordinal) { $0.isRevoked = true }
        }
    }

    private mutating func change(_ ordinal: Int, _ body: (inout Entry) -> Void) {
        // Ordinals count from 1, so the place is nearly always known; a search would make long streams slow to fold.
        let place = ordinal &- 1
        if entries.indices.contains(place), entries[place].ordinal == ordinal { return body(&entries[place]) }
        guard let index = entries.firstIndex(where: { $0.ordinal == ordinal }) else { return }
        body(&entries[index])
    }
}
