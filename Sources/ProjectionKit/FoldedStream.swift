public import AccountDomain
public import EventCoding

/// A stream whose rows are to be written.
public struct FoldedStream<State: Sendable>: Sendable {
    /// The stream.
    public let stream: StreamID
    /// Its state after the fold.
    public var state: State
    /// Its version after the fold.
    public let version: Int32
    /// How many events were folded since its rows were written last.
    public let applied: Int32
    private let key: StreamKey?
    private let epoch: Int32

    /// A folded stream with its data key; nil when the key was destroyed.
    public init(stream: StreamID, state: State, version: Int32, applied: Int32, key: StreamKey?, epoch: Int32) {
        self.stream = stream
        self.state = state
        self.version = version
        self.applied = applied
        self.key = key
        self.epoch = epoch
    }

    /// Whether none of its events had been written before.
    public var isNew: Bool { applied == version }

    /// The box of a view; nil once the stream's key is destroyed, for nothing may be left of it then.
    public func seal(_ view: [UInt8], at place: String) -> [UInt8]? { key?.seal(view, epoch: epoch, at: .view(place)) }
}
