import AccountDomain
import Accounts
import EventCoding

/// Decides a command on the states in memory and makes its rows: pure work between two round trips.
struct CommandPreparation: Sendable {
    let keys: LedgerKeys
    let keyring: Keyring
    let drawnKeys: DrawnKeys
    let log: Int16
    let streamLimit: Int32

    enum Result {
        case prepared(PreparedCommand)
        case outcome(CommandOutcome)
    }

    func prepare(_ command: LogCommand, _ entries: [StreamEntry?], tail: Int64, now: Moment) -> Result {
        var parts: [PreparedCommand.Part] = []
        parts.reserveCapacity(command.streams.count)
        var missing: [StreamID] = []
        for (stream, entry) in zip(command.streams, entries) {
            if let entry {
                parts.append(.init(stream: stream, entry: entry, seen: max(tail, entry.loadedAt)))
            } else if command.fresh.contains(stream) {
                parts.append(.init(stream: stream, entry: .empty(at: tail), seen: tail))
            } else {
                missing.append(stream)
            }
        }
        guard missing.isEmpty else { return .outcome(.mustLoad(missing)) }
        if let digest = command.requestDigest, let record = parts[0].entry.commands.find(command.id) {
            return .outcome(repeated(command, digest, record, parts))
        }
        var prepared = PreparedCommand(command, parts: parts)
        let input = input(command.id, parts, now)
        do throws(Failure) {
            try command.authorize(input)
            try apply(try command.decide(input), to: prepared)
        } catch {
            // A refusal rests on what is in memory, perhaps a second old: the batch confirms it by assertions alone.
            prepared = PreparedCommand(command, parts: parts)
            prepared.refusal = error
        }
        return .prepared(prepared)
    }

    private func input(_ command: CommandID, _ parts: [PreparedCommand.Part], _ now: Moment) -> DecisionInput {
        DecisionInput(
            now: now, command: command,
            states: parts.map {
                StreamState(
                    stream: $0.stream, version: $0.entry.version, aggregate: $0.entry.aggregate, seen: $0.seen)
            },
            findKey: { [drawnKeys, log] stream in
                guard let part = parts.first(where: { $0.stream == stream }) else { return nil }
                guard part.entry.version == 0 else { return part.entry.key }
                // Remembered, so that the stream is made with the key that its first secrets were derived from.
                return drawnKeys.key(of: stream) { StreamKey.draw(log: log, stream: stream) }
            })
    }

    /// The same Idempotency-Key again: the same answer for the same request, a refusal for another.
    private func repeated(
        _ command: LogCommand, _ digest: Digest, _ record: CommandRecord, _ parts: [PreparedCommand.Part]
    ) -> CommandOutcome {
        do throws(Failure) { try command.authorize(input(command.id, parts, Moment(microseconds: 0))) } catch {
            return .decided(.failure(error))
        }
        guard let key = parts[0].entry.key else { return .decided(.failure(.erased)) }
        guard fingerprint(digest, key) == record.fingerprint else {
            return .decided(.failure(.idempotencyKeyReused))
        }
        return .replayed(versions: record.firstVersion...record.lastVersion)
    }

    /// Keyed by the stream's own key, so that it cannot be used to guess what was typed (docs/log.md).
    private func fingerprint(_ digest: Digest, _ key: StreamKey) -> Digest { key.digest("fingerprint", digest.bytes) }

    private func apply(_ decision: Decision, to prepared: PreparedCommand) throws(Failure) {
        let command = prepared.command
        var meta = command.meta
        for part in decision.parts {
            guard let index = prepared.parts.firstIndex(where: { $0.stream == part.stream }) else {
                throw .fault("a decision appends to a stream that its command does not name")
            }
            try open(&prepared.parts[index])
            guard let key = prepared.parts[index].next?.key else { throw .erased }
            if index == 0, let digest = command.requestDigest {
                prepared.fingerprint = fingerprint(digest, key)
            }
        }
        meta.fingerprint = prepared.fingerprint
        let metaBytes = meta.canonicalBytes
        for part in decision.parts {
            guard let index = prepared.parts.firstIndex(where: { $0.stream == part.stream }) else { continue }
            try encode(part.events, metaBytes, into: &prepared.parts[index])
        }
        for claim in decision.claims {
            guard let index = prepared.parts.firstIndex(where: { $0.stream == claim.stream }) else {
                throw .fault("a decision claims for a stream that its command does not name")
            }
            prepared.claims.append(
                (index, claim.isTaken, claim.namespace, keys.master.reservationKey(claim.namespace, claim.value)))
        }
        for stream in decision.destroyed {
            guard let index = prepared.parts.firstIndex(where: { $0.stream == stream }) else { continue }
            prepared.parts[index].destroysKey = true
            prepared.parts[index].next?.key = nil
        }
        prepared.places = decision.places
        prepared.limits = decision.limits
    }

    /// Gives a part its key: the stream's own, or a new one for a new stream.
    private func open(_ part: inout PreparedCommand.Part) throws(Failure) {
        if part.entry.version == 0 {
            let key = drawnKeys.find(part.stream) ?? StreamKey.draw(log: log, stream: part.stream)
            part.wrappedKey = keyring.wrap(key, log: log, stream: part.stream)
            part.next = (part.entry.aggregate, key)
        } else {
            part.next = (part.entry.aggregate, part.entry.key)
        }
    }

    private func encode(_ events: [DomainEvent], _ meta: [UInt8], into part: inout PreparedCommand.Part)
        throws(Failure)
    {
        guard var next = part.next, let key = next.key else { throw .erased }
        guard Int(part.entry.version) + events.count <= Int(streamLimit) else {
            throw .streamFull(limit: Int(streamLimit))
        }
        part.events.reserveCapacity(events.count)
        var version = part.entry.version
        for event in events {
            version += 1
            let encoded = EventCoding.encode(event)
            let secret: [UInt8]? =
                encoded.content.isEmpty
                ? nil
                : key.seal(
                    encoded.content.canonicalBytes, epoch: keyring.current,
                    at: .event(version: version, type: encoded.type))
            part.events.append(
                .init(
                    version: version, event: event, type: encoded.type, meta: meta, data: encoded.data.canonicalBytes,
                    secret: secret, secretHash: secret.map { Digest.sha256(of: $0).bytes }))
            next.aggregate.apply(event)
        }
        part.next = next
    }
}
