import EventCoding
import Testing

@Suite struct `Stored types` {
    private static func named(_ name: String) -> StoredType {
        Array(name.utf8).withUnsafeBytes { StoredType.named($0) }
    }

    @Test(arguments: EventCoding.types)
    func `each name is read as it was written`(name: String) throws {
        let type = Self.named(name)
        #expect(type.name == name)
        #expect(StoredType.all[try #require(type.number)] === type)
    }

    @Test(arguments: ["", "backup.replaced.v", "backup.replaced.v9", "Backup.replaced.v1", "ä"])
    func `a name that is none of ours is read all the same`(name: String) {
        #expect(Self.named(name).name == name)
        #expect(Self.named(name).number == nil)
    }
}
