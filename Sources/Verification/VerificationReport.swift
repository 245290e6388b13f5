/// What a run found, and what it looked at.
public struct VerificationReport: Sendable {
    /// The log's name.
    public var origin = ""
    /// The last position.
    public var head: Int64 = 0
    /// The first position that was looked at.
    public var from: Int64 = 1
    /// How many events were looked at.
    public var events: Int64 = 0
    /// How many streams they belong to; nil when the run did not begin at the first event.
    public var streams: Int64?
    /// The root of the whole tree in base64, when all rows were read.
    public var root: String?
    /// The size of the newest checkpoint that is signed and fits the rows.
    public var sealedSize: Int64 = 0
    /// How many checkpoints fit, those of files included.
    public var checkpoints = 0
    /// How many blobs were looked at.
    public var blobs = 0
    /// How many boxes were opened.
    public var boxes: Int64 = 0
    /// What was not looked at, and why.
    public var omissions: [String] = []
    /// What is wrong, the first position first.
    public var findings: [Finding] = []
    /// Whether more is wrong than is listed, or could be: the run ended early.
    public var isCutShort = false
    /// How long the run took.
    public var seconds: Double = 0

    /// Whether nothing is wrong.
    public var isSound: Bool { findings.isEmpty }
}
