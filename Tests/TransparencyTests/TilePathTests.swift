import Testing
import Transparency

@Suite struct TilePathTests {
    @Test(arguments: [
        ("tile/0/000", TilePath(.hashes(level: 0), index: 0)),
        ("tile/0/067", TilePath(.hashes(level: 0), index: 67)),
        ("tile/1/x001/067", TilePath(.hashes(level: 1), index: 1067)),
        ("tile/63/x001/x234/067", TilePath(.hashes(level: 63), index: 1_234_067)),
        ("tile/0/x001/x234/067.p/8", TilePath(.hashes(level: 0), index: 1_234_067, width: 8)),
        ("tile/entries/x001/067.p/255", TilePath(.entries, index: 1067, width: 255)),
        ("tile/entries/999", TilePath(.entries, index: 999)),
        (
            "tile/0/x009/x223/x372/x036/x854/x775/807.p/255",
            TilePath(.hashes(level: 0), index: .max, width: 255)
        ),
    ])
    func `an address is read and printed`(text: String, path: TilePath?) throws {
        #expect(TilePath(text) == path)
        #expect(path?.description == text)
    }

    @Test(arguments: [
        "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/00", "tile/0/0000", "tile/0/67", "tile/00/067", "tile/64/067",
        "tile/-1/067", "tile/+1/067", "tile/0/x001", "tile/0/x000/067", "tile/0/001/067", "tile/0/x001/x067",
        "tile/0/x01/067", "tile/0/x1000/067", "tile/0/067.p/0", "tile/0/067.p/256", "tile/0/067.p/01", "tile/0/067.p",
        "tile/0/067.p/", "tile/0/067.p/8/", "tile/0/067/8", "tile/0/.p/8", "tile/0/067.p/8.p/8", "/tile/0/067",
        "tile//067", "tile/0//067", "tile/0/067/", "Tile/0/067", "tile/Entries/067", "tile/entries/0/067", "tile/0/ 67",
        "tile/0/٠٦٧", "tile/0/x009/x223/x372/x036/x854/x775/808", "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/0/06\u{0}", "tile/0/067?", "tile/data/067",
    ])
    func `an address spelt in any other way is refused`(text: String) {
        #expect(TilePath(text) == nil)
    }

    @Test func `numbers out of range make no address`() {
        #expect(TilePath(.hashes(level: 64), index: 0) == nil)
        #expect(TilePath(.entries, index: -1) == nil)
        #expect(TilePath(.entries, index: 0, width: 0) == nil)
        #expect(TilePath(.entries, index: 0, width: 257) == nil)
    }

    @Test func `a bundle holds entries after their lengths`() throws {
        let entries: [[UInt8]] = [[], [1], Array(repeating: 7, count: 300)]
        let bundle = try EntryBundle.encode(entries)
        #expect(bundle.prefix(7) == [0, 0, 0, 1, 1, 1, 44])
        #expect(try EntryBundle.decode(bundle) == entries)
        #expect(try EntryBundle.decode([]) == [])
        // Cut anywhere but between two entries.
        for end in [1, 3, 4, 6, 7, 100, bundle.count - 1] {
            #expect(throws: TransparencyError.self) { try EntryBundle.decode(Array(bundle[..<end])) }
        }
        #expect(throws: TransparencyError.self) { try EntryBundle.encode([Array(repeating: 0, count: 65_536)]) }
        let surplus = [UInt8](repeating: 0, count: 514)
        #expect(throws: TransparencyError.self) { try EntryBundle.decode(surplus) }
        #expect(try EntryBundle.decode(Array(surplus.dropLast(2))).count == 256)
    }
}
