import AccountDomain

/// The last sealed version of streams that events were lately sealed of.
///
/// A stream that is not in it is asked for once, by the index; all others are judged without a look at the database.
struct VersionBook {
    /// A stream whose first event in this step must follow one that was sealed before.
    struct Question {
        let stream: StreamID
        let version: Int32
        let position: Int64
    }

    /// How many streams make a generation; of two generations the older one is dropped.
    private static let generation = 65_536

    private var young: [StreamID: Int32] = [:]
    private var old: [StreamID: Int32] = [:]
    /// What could not be judged from memory.
    private(set) var questions: [Question] = []

    /// The first event that does not follow the one that is known of its stream; a question may concern one before it.
    private(set) var conflict: SealingFault?

    /// Notes an event.
    mutating func note(_ stream: StreamID, _ version: Int32, at position: Int64) {
        if let last = young[stream] ?? old[stream] {
            if version != last &+ 1, conflict == nil { conflict = Self.fault(version, after: last, at: position) }
        } else {
            questions.append(Question(stream: stream, version: version, position: position))
        }
        young[stream] = version
    }

    /// Forgets the questions, which were answered, and the streams that were quiet for longest.
    mutating func settle() {
        questions.removeAll(keepingCapacity: true)
        guard young.count > Self.generation else { return }
        old = young
        young = [:]
    }

    static func fault(_ version: Int32, after last: Int32, at position: Int64) -> SealingFault {
        let what = version > last ? "follows version \(last)" : "comes although there is a version \(last)"
        return SealingFault(
            .version, at: position, "version \(version) of the stream of position \(position) \(what)")
    }
}
