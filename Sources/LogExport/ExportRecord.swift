public import AccountDomain
import EventCoding
import StrictJSON

/// What stands in an export beside events (docs/consumers.md): each is a line of its own, a CloudEvent like theirs.
public enum ExportRecord: Sendable, Equatable {
    /// The first line.
    case header(Header)
    /// A box over 64 KiB, before the event that names it.
    case blob(Blob)
    /// A key epoch.
    case epoch(Epoch)
    /// A stream's wrapped key, or that it was destroyed.
    case key(Key)
    /// A unique value, by its keyed digest.
    case reservation(Reservation)
    /// A counted limit.
    case quota(Quota)
    /// The last line.
    case closing(Closing)

    /// What log this is, and how it is written.
    public struct Header: Sendable, Equatable {
        /// The version of this form.
        public static let currentFormat = 1

        /// The version of the form it is written in.
        public let format: Int
        /// The log's name, which stands as the source in every line.
        public let origin: String
        /// The log's number.
        public let log: Int16
        /// What the database remembers of the master key.
        public let masterCheck: [UInt8]
        /// When the log was opened.
        public let openedAt: Moment

        init(format: Int = currentFormat, origin: String, log: Int16, masterCheck: [UInt8], openedAt: Moment) {
            self.format = format
            self.origin = origin
            self.log = log
            self.masterCheck = masterCheck
            self.openedAt = openedAt
        }
    }

    /// Ciphertext beside the log.
    public struct Blob: Sendable, Equatable {
        /// Whose it is.
        public let stream: StreamID
        /// SHA-256 of the body.
        public let hash: [UInt8]
        /// The ciphertext.
        public let body: [UInt8]
    }

    /// A row of `ledger.epochs`.
    public struct Epoch: Sendable, Equatable {
        /// Its number.
        public let number: Int32
        /// What the database remembers of its key.
        public let checkValue: [UInt8]
        /// Since when keys are wrapped under it.
        public let openedAt: Moment
        /// Since when no key is wrapped under it any more.
        public let retiredAt: Moment?
    }

    /// A row of `ledger.subject_keys`.
    public struct Key: Sendable, Equatable {
        /// Whose it is.
        public let stream: StreamID
        /// Under which epoch it is wrapped, or was.
        public let epoch: Int32
        /// The wrapped key; nil once destroyed.
        public let wrapped: [UInt8]?
        /// When it was destroyed.
        public let destroyedAt: Moment?
    }

    /// A row of `ledger.reservations`.
    public struct Reservation: Sendable, Equatable {
        /// The kind of value.
        public let namespace: Int16
        /// The keyed digest of the value.
        public let keyHash: [UInt8]
        /// Whose it is.
        public let stream: StreamID
        /// When it was claimed.
        public let position: Int64
    }

    /// A row of `ledger.quotas`.
    public struct Quota: Sendable, Equatable {
        /// The Space's stream.
        public let owner: StreamID
        /// Places taken.
        public let used: Int32
        /// Places there are; nil for any number.
        public let maximum: Int32?
    }

    /// What the export was to hold, and the proof that the log's owner signed it.
    public struct Closing: Sendable, Equatable {
        /// A complete subtree between the export's end and the checkpoint's.
        public struct Subtree: Sendable, Equatable {
            /// Its root.
            public let hash: [UInt8]
            /// Its height: it has 2^level leaves.
            public let level: Int
        }

        /// The last event's position.
        public let position: Int64
        /// How many lines of each kind stand before this one.
        public let epochs, keys, reservations, quotas: Int
        /// The signed note of a checkpoint of at least this size; nil when there was none to be had.
        public let note: String?
        /// What follows the last event in the checkpoint's tree, from left to right.
        public let subtrees: [Subtree]
    }
}

extension ExportRecord {
    /// The type of its line.
    var type: String {
        switch self {
        case .header: "ledger.export.v1"
        case .blob: "ledger.blob.v1"
        case .epoch: "ledger.epoch.v1"
        case .key: "ledger.key.v1"
        case .reservation: "ledger.reservation.v1"
        case .quota: "ledger.quota.v1"
        case .closing: "ledger.checkpoint.v1"
        }
    }

    /// The line, its end included; `number` counts the records of its kind from 1.
    func line(origin: String, number: Int) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: reserved)
        json.beginObject()
        json.member("specversion", "1.0")
        if case .blob(let blob) = self {
            json.key("id")
            json.hex(blob.hash)
            json.member("source", origin)
            json.member("type", type)
            json.member("subject", blob.stream)
            json.member("datacontenttype", "application/octet-stream")
            json.key("data_base64")
            json.base64(blob.body)
        } else {
            json.member("id", "\(type.split(separator: ".")[1])/\(number)")
            json.member("source", origin)
            json.member("type", type)
            json.member("datacontenttype", "application/json")
            let data = data
            json.key("data")
            json.raw(data)
            json.member("datahash", Digest.sha256(of: data).description)
        }
        json.endObject()
        return json.bytes + [0x0A]
    }

    private var reserved: Int { if case .blob(let blob) = self { 512 + blob.body.count * 4 / 3 } else { 512 } }

    /// Canonical JSON.
    private var data: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        switch self {
        case .header(let header):
            json.member("format", header.format)
            json.member("log", Int(header.log))
            json.member("master_check", hex: header.masterCheck)
            json.member("opened_at", header.openedAt)
        case .blob: break
        case .epoch(let epoch):
            json.member("check_value", hex: epoch.checkValue)
            json.member("epoch", Int(epoch.number))
            json.member("opened_at", epoch.openedAt)
            if let retiredAt = epoch.retiredAt { json.member("retired_at", retiredAt) }
        case .key(let key):
            if let destroyedAt = key.destroyedAt { json.member("destroyed_at", destroyedAt) }
            json.member("epoch", Int(key.epoch))
            json.member("stream", key.stream)
            if let wrapped = key.wrapped {
                json.key("wrapped")
                json.base64(wrapped)
            }
        case .reservation(let reservation):
            json.member("key_hash", hex: reservation.keyHash)
            json.member("namespace", Int(reservation.namespace))
            json.member("position", Int(reservation.position))
            json.member("stream", reservation.stream)
        case .quota(let quota):
            if let maximum = quota.maximum { json.member("maximum", Int(maximum)) }
            json.member("owner", quota.owner)
            json.member("used", Int(quota.used))
        case .closing(let closing): Self.write(closing, to: &json)
        }
        json.endObject()
        return json.bytes
    }

    private static func write(_ closing: Closing, to json: inout JSONWriter) {
        json.key("counts")
        json.beginObject()
        json.member("epochs", closing.epochs)
        json.member("keys", closing.keys)
        json.member("quotas", closing.quotas)
        json.member("reservations", closing.reservations)
        json.endObject()
        json.key("extension")
        json.beginArray()
        for subtree in closing.subtrees {
            json.beginObject()
            json.member("hash", hex: subtree.hash)
            json.member("level", subtree.level)
            json.endObject()
        }
        json.endArray()
        if let note = closing.note { json.member("note", note) }
        json.member("position", Int(closing.position))
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    fileprivate mutating func member(_ name: String, _ value: Int) {
        key(name)
        integer(value)
    }

    fileprivate mutating func member(_ name: String, _ value: Moment) { member(name, value.description) }

    fileprivate mutating func member(_ name: String, _ value: StreamID) { member(name, value.description) }

    fileprivate mutating func member(_ name: String, hex bytes: [UInt8]) {
        key(name)
        hex(bytes)
    }
}
