import AccountDomain
public import EventCoding
public import Transparency

/// A line of an export that was found to be in order.
public enum ExportItem: Sendable {
    /// A row of the log.
    case event(StoredEvent)
    /// Anything else.
    case record(ExportRecord)
}

/// Looks at an export line by line and lets nothing pass that the log it came from could not have written.
///
/// It keeps the tree's right edge, and the streams that lack a box until their destroyed keys explain it: memory does
/// not grow with the log. What it cannot know is whether an unsigned export is the log it says it is; see
/// ``root`` and the checkpoint in the last line. Not Sendable.
public struct ExportChecker {
    private enum Section: Int { case start, events, epochs, keys, reservations, quotas, end }

    /// How many lines were looked at.
    public private(set) var line = 0
    /// The first line's content.
    public private(set) var header: ExportRecord.Header?
    /// The log's name; empty before the first line.
    public var origin: String { header?.origin ?? "" }
    /// The last event's position.
    public private(set) var position: Int64 = 0
    /// The last line's content, once it came.
    public private(set) var closing: ExportRecord.Closing?
    /// The checkpoint of the last line, whose tree has the events as its beginning; its signature is not looked at.
    public private(set) var checkpoint: Checkpoint?

    private var section = Section.start
    private var number = 0
    private var counts = (epochs: 0, keys: 0, reservations: 0, quotas: 0)
    private var frontier = MerkleFrontier()
    private var recordedAt = Int64.min
    private var pendingBlobs: [(stream: StreamID, hash: [UInt8])] = []
    /// Streams with a box or blob that is not there, and the first line where it lacks.
    private var incomplete: [StreamID: Int] = [:]
    private var lastKey: StreamID?
    private var lastReservation: (Int16, [UInt8])?
    private var lastOwner: StreamID?
    private var lines: CloudEventLines?

    private let known: Checkpoint?

    /// A look at an export from its first line on; the tree of `known` must be the beginning of its tree.
    public init(known: Checkpoint? = nil) { self.known = known }

    /// The root of the tree over the events so far.
    public var root: TreeHash { frontier.root }

    /// Looks at the next line, without its end.
    ///
    /// - Throws: ``ExportFault``, after which nothing more can be said of the export.
    public mutating func take(_ bytes: UnsafeRawBufferPointer) throws(ExportFault) -> ExportItem {
        line += 1
        guard section != .end else { throw fault("something stands behind the checkpoint that closes the export") }
        if section == .start { return .record(try begin([UInt8](bytes))) }
        if EventLineReader.isEvent(bytes) { return .event(try takeEvent(bytes)) }
        let text = [UInt8](bytes)
        guard let record = ExportRecord(line: text) else {
            throw fault("this is no line of an export, or a damaged one")
        }
        try place(record)
        let written = record.line(origin: origin, number: number)
        guard written.dropLast().elementsEqual(text) else {
            throw fault("the line is damaged, or stands at the wrong place")
        }
        try check(record)
        return .record(record)
    }

    /// Says that the export ends here.
    ///
    /// - Throws: ``ExportFault`` when it is cut short.
    public func finish() throws(ExportFault) {
        guard closing != nil else {
            throw ExportFault(line: line + 1, "the export ends before the checkpoint that closes it")
        }
        if let known {
            guard known.origin == origin else {
                throw ExportFault(line: 0, "the checkpoint given is that of another log")
            }
            guard known.size <= position else {
                throw ExportFault(line: 0, "the checkpoint given is of \(known.size) events, the export of \(position)")
            }
        }
    }

    private func fault(_ reason: String) -> ExportFault { ExportFault(line: line, reason) }

    // MARK: The beginning

    private mutating func begin(_ text: [UInt8]) throws(ExportFault) -> ExportRecord {
        guard case .header(let header)? = ExportRecord(line: text) else {
            throw fault("this is not the beginning of an export")
        }
        guard header.format == ExportRecord.Header.currentFormat else {
            throw fault("the export has form \(header.format), which this program does not know")
        }
        let record = ExportRecord.header(header)
        guard record.line(origin: header.origin, number: 1).dropLast().elementsEqual(text) else {
            throw fault("the line is damaged")
        }
        self.header = header
        lines = CloudEventLines(origin: header.origin, reservingCapacity: 4096)
        section = .events
        return record
    }

    // MARK: Events

    private mutating func takeEvent(_ bytes: UnsafeRawBufferPointer) throws(ExportFault) -> StoredEvent {
        guard section == .events else { throw fault("an event stands behind the events") }
        guard let (event, leafHash) = EventLineReader.read(bytes) else { throw fault("the event is damaged") }
        guard event.position == position + 1 else {
            throw fault("the event at position \(position + 1) is missing: this is \(event.position)")
        }
        if let secret = event.secret {
            guard let hash = event.secretHash, TreeHash(bytes: hash) == secret.withUnsafeBytes(TreeHash.sha256) else {
                throw fault("the box at position \(event.position) is not the one that was hashed")
            }
        } else if event.secretHash != nil {
            note(event.stream)
        }
        let computed = event.lend { $0.leafHash }
        guard computed == leafHash, let leaf = TreeHash(bytes: computed) else {
            throw fault("the event at position \(event.position) was changed: its leaf hash does not fit")
        }
        guard event.lend({ lines?.matches(bytes, $0) ?? false }) else {
            throw fault("the event at position \(event.position) is not written as the log writes it")
        }
        guard event.recordedAt.microseconds >= recordedAt else {
            throw fault("the event at position \(event.position) is older than the one before it")
        }
        let named = NamedBlobs.find(in: event.data)
        guard pendingBlobs.allSatisfy({ $0.stream == event.stream && named.contains($0.hash) }) else {
            throw fault("a blob stands before this event that it does not name")
        }
        if pendingBlobs.count < named.count { note(event.stream) }
        pendingBlobs.removeAll(keepingCapacity: true)
        recordedAt = event.recordedAt.microseconds
        position = event.position
        frontier.append(leaf)
        if position == known?.size, root != known?.root {
            throw fault("the log up to position \(position) is not the one of the checkpoint given")
        }
        return event
    }

    private mutating func note(_ stream: StreamID) {
        if incomplete[stream] == nil { incomplete[stream] = line }
    }

    // MARK: Records

    /// Moves on to the section that a record belongs to, and counts it there.
    private mutating func place(_ record: ExportRecord) throws(ExportFault) {
        let next: Section
        switch record {
        case .header: throw fault("the export begins a second time")
        case .blob: next = .events
        case .epoch: next = .epochs
        case .key: next = .keys
        case .reservation: next = .reservations
        case .quota: next = .quotas
        case .closing: next = .end
        }
        guard next.rawValue >= section.rawValue else { throw fault("the line stands at the wrong place") }
        if next != section {
            guard pendingBlobs.isEmpty else { throw fault("the event that names the blob before is missing") }
            section = next
            number = 0
        }
        number += 1
    }

    private mutating func check(_ record: ExportRecord) throws(ExportFault) {
        switch record {
        case .header: break
        case .blob(let blob):
            guard TreeHash(bytes: blob.hash) == blob.body.withUnsafeBytes(TreeHash.sha256) else {
                throw fault("the blob is not the one that was hashed")
            }
            guard !pendingBlobs.contains(where: { $0.hash == blob.hash }) else {
                throw fault("the blob stands here twice")
            }
            pendingBlobs.append((blob.stream, blob.hash))
        case .epoch: counts.epochs = number
        case .key(let key):
            if let lastKey, key.stream <= lastKey { throw fault("the keys are out of order") }
            lastKey = key.stream
            counts.keys = number
            if key.wrapped == nil { incomplete[key.stream] = nil }
        case .reservation(let reservation):
            if let last = lastReservation, !Self.ascends(last, (reservation.namespace, reservation.keyHash)) {
                throw fault("the reservations are out of order")
            }
            lastReservation = (reservation.namespace, reservation.keyHash)
            counts.reservations = number
            guard reservation.position <= position else { throw fault("the reservation is younger than the export") }
        case .quota(let quota):
            if let lastOwner, quota.owner <= lastOwner { throw fault("the quotas are out of order") }
            lastOwner = quota.owner
            counts.quotas = number
        case .closing(let closing): try end(closing)
        }
    }

    private static func ascends(_ one: (Int16, [UInt8]), _ two: (Int16, [UInt8])) -> Bool {
        one.0 == two.0 ? one.1.lexicographicallyPrecedes(two.1) : one.0 < two.0
    }

    // MARK: The end

    private mutating func end(_ closing: ExportRecord.Closing) throws(ExportFault) {
        guard closing.position == position else {
            throw fault("the export is to end with position \(closing.position), but it ends with \(position)")
        }
        for (name, counted, told) in [
            ("key epochs", counts.epochs, closing.epochs), ("keys", counts.keys, closing.keys),
            ("reservations", counts.reservations, closing.reservations), ("quotas", counts.quotas, closing.quotas),
        ] where counted != told {
            throw fault("the export is to hold \(told) \(name), but it holds \(counted)")
        }
        if let first = incomplete.values.min() {
            throw ExportFault(line: first, "a box or blob is missing here, and its stream's key was never destroyed")
        }
        if let note = closing.note { checkpoint = try checkpoint(note, closing.subtrees) }
        self.closing = closing
    }

    private func checkpoint(_ note: String, _ subtrees: [ExportRecord.Closing.Subtree]) throws(ExportFault)
        -> Checkpoint
    {
        guard let signed = try? SignedNote(note), let checkpoint = try? Checkpoint(signed.text) else {
            throw fault("the checkpoint is damaged")
        }
        guard checkpoint.origin == origin else { throw fault("the checkpoint is that of another log") }
        var extended = frontier
        for subtree in subtrees {
            guard let hash = TreeHash(bytes: subtree.hash), (0..<62).contains(subtree.level),
                extended.size & ((1 << Int64(subtree.level)) - 1) == 0
            else { throw fault("the way from the last event to the checkpoint is damaged") }
            extended.append(subtree: hash, level: subtree.level)
        }
        guard extended.size == checkpoint.size, extended.root == checkpoint.root else {
            throw fault("the events are not those that the checkpoint was made over")
        }
        return checkpoint
    }
}
