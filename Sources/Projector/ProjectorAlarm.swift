/// A lane that stands still because its read model is not where its checkpoint says.
///
/// It goes on after a restart, or once the projection was rebuilt; until then readers fold the streams themselves.
public struct ProjectorAlarm: Sendable, Equatable {
    /// The projection.
    public let projection: String
    /// The version of its fold and tables.
    public let version: Int32
    /// The lane.
    public let lane: Int16
    /// What was found, without any stored value.
    public let text: String
}
