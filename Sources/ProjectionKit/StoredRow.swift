/// A row of a read model as it is read back, its view opened.
public struct StoredRow: Sendable, Equatable {
    /// Which of the stream's rows it is; 0 where a stream has one.
    public let ordinal: Int32
    /// The version of the stream that the row is level with.
    public let version: Int32
    /// What the view's box held; nil when the row was blanked, or its key is destroyed.
    public let view: [UInt8]?
    /// Whether the row holds no box any more.
    public let isBlank: Bool

    /// A row.
    public init(ordinal: Int32 = 0, version: Int32, view: [UInt8]?, isBlank: Bool) {
        self.ordinal = ordinal
        self.version = version
        self.view = view
        self.isBlank = isBlank
    }
}
