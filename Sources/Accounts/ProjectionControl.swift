public import AccountDomain

/// What operators may do about read models: have them built anew, and have parked streams tried again.
///
/// It only asks; projectors do the work.
public protocol ProjectionControl: Sendable {
    /// Asks for a rebuild.
    ///
    /// - Returns: the rebuild, or the one of the same projection that is asked for or under way already.
    /// - Throws: ``Failure/notFound`` when there is no such projection; ``Failure/beyondHead``.
    func requestRebuild(_ request: RebuildRequest) async throws(Failure) -> RequestedRebuild

    /// A rebuild as it is now.
    func rebuild(_ id: RebuildID) async throws(Failure) -> RebuildStatus

    /// Ends a rebuild; of a scratch version that is finished it gives the version back.
    ///
    /// - Throws: ``Failure/notFound``; ``Failure/conflict(_:)`` when it has ended, since there is nothing to undo.
    func cancelRebuild(_ id: RebuildID) async throws(Failure)

    /// Streams that the versions which answer could not fold, at most so many.
    func parkedStreams(limit: Int) async throws(Failure) -> [(projection: String, parked: ProjectionStatus.Parked)]

    /// Has a parked stream folded again from its beginning, and waits a moment for the outcome.
    ///
    /// - Returns: the stream as it is parked now; nil when it is parked no more.
    /// - Throws: ``Failure/notFound`` when the version that answers has not parked it.
    func retryParked(_ stream: StreamID, of projection: String) async throws(Failure) -> ProjectionStatus.Parked?
}

/// A rebuild.
public typealias RebuildID = StreamID

/// What is asked for.
public struct RebuildRequest: Sendable, Equatable {
    /// The projection.
    public var name: String
    /// The moment of the past that a scratch version is wanted of; nil for a version that takes the old one's place.
    public var moment: LogMoment?
    /// How many threads; nil leaves it to whoever does it.
    public var jobs: Int?
    /// How many bytes of memory; nil leaves it to whoever does it.
    public var memoryBytes: Int?

    /// A request.
    public init(name: String, moment: LogMoment? = nil, jobs: Int? = nil, memoryBytes: Int? = nil) {
        self.name = name
        self.moment = moment
        self.jobs = jobs
        self.memoryBytes = memoryBytes
    }
}

/// The answer to a request.
public enum RequestedRebuild: Sendable, Equatable {
    /// It is asked for.
    case requested(RebuildID)
    /// Another one of the same projection is asked for or under way.
    case running(RebuildID)
}

/// How far a rebuild is.
public struct RebuildStatus: Sendable, Equatable {
    /// The rebuild.
    public var id: RebuildID
    /// The projection.
    public var name: String
    /// The version under construction; nil until it has begun.
    public var version: Int?
    /// requested, running, finished, failed or cancelled.
    public var state: String
    /// How many events are done.
    public var done: Int64
    /// How many events there are; nil until it has begun.
    public var total: Int64?
    /// Events a second; nil until it has begun.
    public var rate: Double?
    /// Why it failed, without any stored value.
    public var error: String?
    /// The position of the past that it is of.
    public var position: Int64?
    /// When it was asked for.
    public var requestedAt: Moment
    /// When it ended.
    public var finishedAt: Moment?

    /// How far a rebuild is.
    public init(id: RebuildID, name: String, state: String, done: Int64, requestedAt: Moment) {
        self.id = id
        self.name = name
        self.state = state
        self.done = done
        self.requestedAt = requestedAt
    }

    /// How many seconds it will take, as things go; nil when that cannot be told.
    public var remainingSeconds: Double? {
        if state == "finished" { return 0 }
        guard state == "running", let total, let rate, rate > 0 else { return nil }
        return Double(max(0, total - done)) / rate
    }
}

/// Where nothing can be asked for.
public struct NoProjectionControl: ProjectionControl {
    /// It refuses everything.
    public init() {}

    /// There is no such projection.
    public func requestRebuild(_ request: RebuildRequest) async throws(Failure) -> RequestedRebuild { throw .notFound }
    /// There is no such rebuild.
    public func rebuild(_ id: RebuildID) async throws(Failure) -> RebuildStatus { throw .notFound }
    /// There is no such rebuild.
    public func cancelRebuild(_ id: RebuildID) async throws(Failure) { throw .notFound }
    /// There are none.
    public func parkedStreams(
        limit: Int
    ) async throws(Failure) -> [(projection: String, parked: ProjectionStatus.Parked)] { [] }
    /// There is no such stream.
    public func retryParked(
        _ stream: StreamID, of projection: String
    ) async throws(Failure) -> ProjectionStatus.Parked? { throw .notFound }
}
