import AccountDomain
import EventCoding
import PostgresClient
import PostgresLedger

/// Fills an empty log with accounts and their lives, boxes sealed as ever; much faster than appending them.
struct FilledLog {
    let accounts: Int
    let events: Int
    let keyring: Keyring
    let connection: PostgresConnection

    private struct Person {
        let stream: StreamID
        let key: StreamKey
        var version: Int32 = 0
        var backups = 0
        var devices = 0
    }

    /// Writes the events, and the same once more in clear to `bench.events`.
    func fill() throws {
        var generator = SystemRandomNumberGenerator()
        var people = (0..<accounts).map { _ in
            let stream = StreamID.random(using: &generator)
            return Person(stream: stream, key: StreamKey.draw(log: 0, stream: stream))
        }
        try connection.execute(script: "SELECT ledger.ensure_partitions(0::int2, 20000000, 2)")
        try writeKeys(people)
        let begin = Moment.now().microseconds - Int64(events) * 100
        var position: Int64 = 0
        while position < events {
            let chunk = min(Int64(100_000), Int64(events) - position)
            var rows: [(Person, EncodedEvent, Int64)] = []
            for offset in 1...chunk {
                let next = position + offset
                // Some are written to more often than others; everybody is created in the first round.
                let index =
                    next <= accounts ? Int(next - 1) : Int.random(in: 0..<accounts, using: &generator)
                let event = happen(&people[index], index)
                rows.append((people[index], EventCoding.encode(event), next))
            }
            try write(rows, begin: begin)
            position += chunk
        }
        try connection.execute(script: "ANALYZE ledger.events; ANALYZE ledger.subject_keys; ANALYZE bench.events;")
    }

    private func writeKeys(_ people: [Person]) throws {
        try connection.copyIn("COPY ledger.subject_keys (log_id, stream_id, epoch, wrapped) FROM STDIN (FORMAT binary)")
        {
            for person in people {
                let wrapped = keyring.wrap(person.key, log: 0, stream: person.stream)
                try $0.row(columns: 4)
                $0.append(0 as Int16)
                $0.append(high: person.stream.high, low: person.stream.low)
                $0.append(wrapped.epoch)
                $0.append(wrapped.wrapped)
            }
        }
    }

    private func happen(_ person: inout Person, _ index: Int) -> DomainEvent {
        defer { person.version += 1 }
        guard person.version > 0 else {
            return .account(
                .lifecycle(
                    .created(
                        Creation(
                            system: .native, activated: true, name: AccountName(stored: "person-\(index)"),
                            emails: [EmailAddress(stored: "person-\(index)@example.org")]))))
        }
        switch person.version % 6 {
        case 1:
            person.devices += 1
            return .account(
                .devices(
                    .added(
                        Device(
                            ordinal: person.devices, id: DeviceID(stored: "device-\(person.devices)"),
                            name: DeviceName(stored: "A phone"), publicKey: nil))))
        case 2:
            return .account(
                .profile(.profileChanged(ProfileMembers(stored: [("display_name", "Person \(person.version)")]))))
        case 3:
            return .account(.profile(.emailsChanged([EmailAddress(stored: "p\(index).\(person.version)@example.org")])))
        default:
            person.backups += 1
            let data = [UInt8](repeating: UInt8(truncatingIfNeeded: person.backups), count: 200)
            return .account(
                .backup(
                    .replaced(
                        BackupVersion(
                            version: person.backups, length: data.count, sha256: Digest.sha256(of: data),
                            content: .inline(data)))))
        }
    }

    private func write(_ rows: [(Person, EncodedEvent, Int64)], begin: Int64) throws {
        let columns =
            "position, recorded_at, stream_id, command_id, version, log_id, event_type, meta, data, secret, secret_hash"
        let meta = Array(
            #"{"actor":{"kind":"root"},"door":"native","request_id":"33333333-3333-4333-8333-333333333333"}"#.utf8)
        try connection.copyIn("COPY ledger.events (\(columns)) FROM STDIN (FORMAT binary)") {
            for (person, event, position) in rows {
                let box =
                    event.content.isEmpty
                    ? nil
                    : person.key.seal(
                        event.content.canonicalBytes, epoch: keyring.current,
                        at: .event(version: person.version, type: event.type))
                try $0.row(columns: 11)
                $0.append(position)
                $0.append(timestampMicroseconds: begin + position * 100)
                $0.append(high: person.stream.high, low: person.stream.low)
                $0.append(high: UInt64(position), low: 1)
                $0.append(person.version)
                $0.append(0 as Int16)
                $0.append(event.type)
                $0.append(meta)
                $0.append(event.data.canonicalBytes)
                if let box {
                    $0.append(box)
                    $0.append(Digest.sha256(of: box).bytes)
                } else {
                    $0.appendNull()
                    $0.appendNull()
                }
            }
        }
        try connection.copyIn("COPY bench.events FROM STDIN (FORMAT binary)") {
            for (person, event, position) in rows {
                try $0.row(columns: 6)
                $0.append(position)
                $0.append(timestampMicroseconds: begin + position * 100)
                $0.append(high: person.stream.high, low: person.stream.low)
                $0.append(person.version)
                $0.append(event.type)
                $0.append(jsonb: Self.plain(event))
            }
        }
    }

    /// What stands in clear and what is personal, in one object.
    private static func plain(_ event: EncodedEvent) -> [UInt8] {
        let data = event.data.canonicalBytes
        let box = String(decoding: event.content.canonicalBytes, as: UTF8.self)
        guard box.hasPrefix(#"{"personal":{"#), box.utf8.count > 15 else { return data }
        let personal = box.dropFirst(#"{"personal":"#.count).dropLast()
        let clear = String(decoding: data, as: UTF8.self)
        return Array(clear == "{}" ? personal.utf8 : (clear.dropLast() + "," + personal.dropFirst()).utf8)
    }
}
