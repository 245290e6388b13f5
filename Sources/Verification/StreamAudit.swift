import AccountDomain
import Accounts
import EventCoding
import PostgresClient
import PostgresLedger

/// Looks at streams one by one, with the keys: that boxes open, and that each stream holds the reservations that its
/// events took, no fewer and no more.
struct StreamAudit {
    private let run: VerificationRun
    private let keys: LedgerKeys
    private let rules: [StreamID: QuotaTally.Rules]
    private let opened: KeyTable?
    private(set) var boxes: Int64 = 0
    private(set) var findings: [Finding] = []
    private var stream: Stream?

    /// An audit of some streams.
    ///
    /// - Parameters:
    ///   - run: what the run is about.
    ///   - keys: the secrets of the log.
    ///   - rules: what Spaces want of their accounts.
    ///   - opened: the streams' keys, when boxes on which no reservation depends were opened with them already.
    init(
        _ run: VerificationRun, _ keys: LedgerKeys, rules: [StreamID: QuotaTally.Rules], opened: KeyTable?
    ) {
        self.run = run
        self.keys = keys
        self.rules = rules
        self.opened = opened
    }

    /// A reservation as the table has it.
    private struct Reservation: Hashable {
        let namespace: Int32
        let key: [UInt8]
    }

    /// The stream at hand.
    private struct Stream {
        let id: StreamID
        var hasKey = false
        var isDestroyed = false
        var key: StreamKey?
        var held: Set<Reservation> = []
        var aggregate = Aggregate.empty
        var events = 0
        var lastPosition: Int64 = 0
        var isUnreadable = false
        var kept: [KeptReservation]?
        /// Kept names may be let go later, by an event of their own.
        var released = false
    }

    /// Looks at the streams of a lane.
    mutating func check(_ ids: ClosedRange<StreamID>, on connection: PostgresConnection) throws {
        let passed = opened == nil ? "" : HeldValues.independentTypes.joined(separator: ",")
        let statement = Statement.copy(
            Statement.copyStreams,
            [
                "log": "\(run.log)", "first": ids.lowerBound.description, "last": ids.upperBound.description,
                "passed": "'{\(passed)}'::text[]", "keys": opened == nil ? "true" : "false",
            ])
        var audit = self
        try connection.copyOut(statement) { row in try audit.read(&row) }
        audit.endStream()
        self = audit
    }

    private mutating func read(_ row: inout PostgresCopyReader) throws {
        let id = try row.uuid()
        let stream = StreamID(high: id.high, low: id.low)
        if self.stream?.id != stream {
            endStream()
            self.stream = Stream(id: stream)
            if let opened { take(opened.standing(of: stream)) }
        }
        switch try row.int32() {
        case 0: try readKey(&row)
        case 1:
            let namespace = try row.int32()
            for _ in 0..<2 { try row.skip() }
            let key = try row.bytea()
            self.stream?.held.insert(Reservation(namespace: namespace, key: key))
        default: try readEvent(&row)
        }
    }

    private mutating func readKey(_ row: inout PostgresCopyReader) throws {
        guard let stream else { return }
        let epoch = try row.int32()
        for _ in 0..<3 { try row.skip() }
        if row.isNextNull() {
            take(.destroyed)
        } else {
            do throws(EventCodingError) {
                let key = try keys.keyring.unwrap(try wrapped(&row), epoch: epoch, log: run.log, stream: stream.id)
                take(.living(key))
            } catch {
                take(.shut(error.description))
            }
        }
    }

    private mutating func take(_ key: KeyTable.Standing) {
        switch key {
        case .missing: return
        case .destroyed: stream?.isDestroyed = true
        case .living(let key): stream?.key = key
        case .shut(let reason):
            stream?.isUnreadable = true
            if let stream { report(.key, nil, stream.id, "its key does not open: \(reason)") }
        }
        stream?.hasKey = true
    }

    private func wrapped(_ row: inout PostgresCopyReader) throws(EventCodingError) -> [UInt8] {
        do { return try row.bytea() } catch { throw .malformed("wrapped key") }
    }

    private mutating func readEvent(_ row: inout PostgresCopyReader) throws {
        let version = try row.int32()
        let position = try row.int64()
        let type = try row.string()
        let data = try row.bytea()
        let secret = try row.optionalBytea()
        // Moved out and back, so that the aggregate has one owner while it changes.
        guard var stream = self.stream else { return }
        self.stream = nil
        defer { self.stream = stream }
        stream.events += 1
        stream.lastPosition = position
        if type.hasPrefix("name.released.") { stream.released = true }
        guard !stream.isUnreadable, !stream.isDestroyed else {
            if type.hasPrefix("account.erased."), let kept = Self.kept(type, data) { stream.kept = kept }
            return
        }
        do throws(EventCodingError) {
            var opened: [UInt8]?
            if let secret {
                guard let key = stream.key else { return }
                opened = try key.open(secret, at: .event(version: version, type: type))
                boxes += 1
            }
            // That a box opens says that it is the one that was sealed here; what it holds is needed for reservations.
            guard HeldValues.dependsOn(type) else { return }
            let content =
                try opened.map { bytes throws(EventCodingError) in try BoxContent(canonicalBytes: bytes) }
                ?? BoxContent()
            let event = try EventCoding.decode(type: type, data: data, content: content)
            if !stream.aggregate.apply(event) {
                report(.box, position, stream.id, "an event of another kind than its stream")
            }
        } catch {
            stream.isUnreadable = true
            report(.box, position, stream.id, "\(type): \(error.description)")
        }
    }

    private static func kept(_ type: String, _ data: [UInt8]) -> [KeptReservation]? {
        guard
            case .account(.lifecycle(.erased(let kept)))? =
                try? EventCoding.decode(type: type, data: data, content: BoxContent())
        else { return nil }
        return kept
    }

    private mutating func endStream() {
        guard let stream else { return }
        self.stream = nil
        if stream.events == 0 {
            return report(.key, nil, stream.id, "a key or a reservation of a stream without events")
        }
        guard stream.hasKey else { return report(.key, stream.lastPosition, stream.id, "its key's row is missing") }
        if stream.isDestroyed {
            compareKept(stream)
        } else if !stream.isUnreadable {
            compareHeld(stream)
        }
    }

    /// What an erased stream keeps is told by its last event, by numbers alone.
    private mutating func compareKept(_ stream: Stream) {
        guard let kept = stream.kept, !stream.released else { return }
        for reservation in kept {
            let namespace = Int32(reservation.namespace.rawValue)
            let held = stream.held.count { $0.namespace == namespace }
            if held != reservation.count {
                report(
                    .reservation, stream.lastPosition, stream.id,
                    "it kept \(reservation.count) in namespace \(namespace), but holds \(held)")
            }
        }
    }

    private mutating func compareHeld(_ stream: Stream) {
        var expected = HeldValues.of(stream.aggregate, stream: stream.id)
        var known = HeldValues.namespaces
        if case .account(let account) = stream.aggregate, let space = account.lifecycle.space,
            rules[space]?.emailUnique == true
        {
            expected += HeldValues.emails(of: stream.aggregate)
            known.insert(.spaceEmail)
        }
        var held = stream.held.filter { reservation in
            Int16(exactly: reservation.namespace).flatMap { Namespace(rawValue: $0) }.map { known.contains($0) } ?? true
        }
        for value in expected {
            let reservation = Reservation(
                namespace: Int32(value.namespace.rawValue), key: keys.master.reservationKey(value.namespace, value.text)
            )
            if held.remove(reservation) == nil {
                report(
                    .reservation, stream.lastPosition, stream.id,
                    "a value in namespace \(value.namespace.rawValue) is its own, but is not reserved for it")
            }
        }
        for reservation in held.sorted(by: { $0.namespace < $1.namespace }) {
            report(
                .reservation, stream.lastPosition, stream.id,
                "a value in namespace \(reservation.namespace) is reserved for it, but no event took it")
        }
    }

    private mutating func report(_ kind: Finding.Kind, _ position: Int64?, _ stream: StreamID, _ detail: String) {
        if findings.count < 1_000 { findings.append(Finding(kind, position: position, stream: stream, detail)) }
    }
}
