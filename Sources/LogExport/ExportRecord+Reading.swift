import AccountDomain
import StrictJSON

extension ExportRecord {
    /// Reads a line that is no event; nil when it is no record of ours.
    ///
    /// Whether it is written as ``line(origin:number:)`` writes it is for the caller to compare.
    init?(line: [UInt8]) {
        guard let json = try? JSONReader.read(line, limits: JSONLimits(numberBytes: 32)).objectValue,
            let type = json["type"]?.stringValue
        else { return nil }
        if type == "ledger.blob.v1" {
            guard let hash = json.bytes(hex: "id"), let stream = json.stream("subject"),
                let body = json["data_base64"]?.stringValue.flatMap({ Base64.decode($0) })
            else { return nil }
            self = .blob(Blob(stream: stream, hash: hash, body: body))
            return
        }
        guard let data = json["data"]?.objectValue,
            let record = Self.read(type, data, source: json["source"]?.stringValue ?? "")
        else { return nil }
        self = record
    }

    private static func read(_ type: String, _ data: JSONObject, source: String) -> ExportRecord? {
        switch type {
        case "ledger.export.v1":
            guard let format = data.int("format"), let log = data.int("log").flatMap({ Int16(exactly: $0) }),
                let check = data.bytes(hex: "master_check"), let openedAt = data.moment("opened_at")
            else { return nil }
            return .header(
                Header(format: format, origin: source, log: log, masterCheck: check, openedAt: openedAt))
        case "ledger.epoch.v1":
            guard let number = data.int32("epoch"), let check = data.bytes(hex: "check_value"),
                let openedAt = data.moment("opened_at")
            else { return nil }
            return .epoch(
                Epoch(
                    number: number, checkValue: check, openedAt: openedAt, retiredAt: data.moment("retired_at")))
        case "ledger.key.v1":
            guard let epoch = data.int32("epoch"), let stream = data.stream("stream") else { return nil }
            let wrapped = data["wrapped"]?.stringValue.flatMap { Base64.decode($0) }
            let destroyedAt = data.moment("destroyed_at")
            guard (wrapped == nil) == (destroyedAt != nil) else { return nil }
            return .key(Key(stream: stream, epoch: epoch, wrapped: wrapped, destroyedAt: destroyedAt))
        case "ledger.reservation.v1":
            guard let namespace = data.int("namespace").flatMap({ Int16(exactly: $0) }),
                let hash = data.bytes(hex: "key_hash"), let stream = data.stream("stream"),
                let position = data["position"]?.integerValue
            else { return nil }
            return .reservation(
                Reservation(namespace: namespace, keyHash: hash, stream: stream, position: position))
        case "ledger.quota.v1":
            guard let owner = data.stream("owner"), let used = data.int32("used") else { return nil }
            return .quota(Quota(owner: owner, used: used, maximum: data.int32("maximum")))
        case "ledger.checkpoint.v1": return closing(data)
        default: return nil
        }
    }

    private static func closing(_ data: JSONObject) -> ExportRecord? {
        guard let counts = data["counts"]?.objectValue, let position = data["position"]?.integerValue,
            let epochs = counts.int("epochs"), let keys = counts.int("keys"), let quotas = counts.int("quotas"),
            let reservations = counts.int("reservations"), let items = data["extension"]?.arrayValue
        else { return nil }
        var subtrees: [Closing.Subtree] = []
        for item in items {
            guard let item = item.objectValue, let hash = item.bytes(hex: "hash"), let level = item.int("level")
            else { return nil }
            subtrees.append(Closing.Subtree(hash: hash, level: level))
        }
        return .closing(
            Closing(
                position: position, epochs: epochs, keys: keys, reservations: reservations, quotas: quotas,
                note: data["note"]?.stringValue, subtrees: subtrees))
    }
}

extension JSONObject {
    fileprivate func int(_ name: String) -> Int? { self[name]?.integerValue.map { Int($0) } }

    fileprivate func int32(_ name: String) -> Int32? { self[name]?.integerValue.flatMap { Int32(exactly: $0) } }

    fileprivate func bytes(hex name: String) -> [UInt8]? { self[name]?.stringValue.flatMap { Hex.decode($0) } }

    fileprivate func moment(_ name: String) -> Moment? { self[name]?.stringValue.flatMap { Moment(rfc3339: $0) } }

    fileprivate func stream(_ name: String) -> StreamID? { self[name]?.stringValue.flatMap { StreamID($0) } }
}
