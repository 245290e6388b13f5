import EventCoding
import Testing

@Suite struct `Names of stored types` {
    @Test(arguments: EventCoding.types)
    func `each name is read as it was written`(name: String) {
        #expect(Array(name.utf8).withUnsafeBytes { StoredTypeName.name($0) } == name)
    }

    @Test(arguments: ["", "backup.replaced.v", "backup.replaced.v9", "Backup.replaced.v1", "ä"])
    func `a name that is none of ours is read all the same`(name: String) {
        #expect(Array(name.utf8).withUnsafeBytes { StoredTypeName.name($0) } == name)
    }
}
