import Accounts

/// What a scan must know of an event's type.
struct EventType {
    /// Whether its data count in a quota, or may name a blob.
    enum Kind {
        case accountCreated, accountErased, spaceRules, other
    }

    var kind = Kind.other
    /// Whether reservations follow from such events, so that they are decoded when their stream is looked at.
    var isAudited = true
}

/// Remembers what was said of types by their bytes: a log has few, and a string for each event would cost an allocation.
struct EventTypes {
    private var known: [(name: [UInt8], type: EventType)] = []

    /// What to know of a type of at most 64 bytes.
    mutating func type(named name: UnsafeRawBufferPointer) -> EventType {
        for place in known.indices where known[place].name.elementsEqual(name) { return known[place].type }
        // Types of others' making must not fill the memory.
        if known.count == 256 { known.removeAll() }
        let type = Self.judge(String(decoding: name, as: UTF8.self))
        known.append((Array(name), type))
        return type
    }

    private static func judge(_ name: String) -> EventType {
        EventType(kind: kind(name), isAudited: HeldValues.dependsOn(name))
    }

    private static func kind(_ name: String) -> EventType.Kind {
        if name.hasPrefix("account.created.v") { return .accountCreated }
        if name.hasPrefix("account.erased.v") { return .accountErased }
        return name.hasPrefix("space.created.v") || name.hasPrefix("space.changed.v") ? .spaceRules : .other
    }
}
