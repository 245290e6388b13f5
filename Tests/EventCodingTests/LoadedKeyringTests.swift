import AccountDomain
import EventCoding
import Synchronization
import Testing

@Suite struct LoadedKeyringTests {
    /// A file that a test puts keyrings into.
    private final class File: Sendable {
        private let content: Mutex<Keyring?>

        init(_ keyring: Keyring?) { content = Mutex(keyring) }

        func put(_ keyring: Keyring?) { content.withLock { $0 = keyring } }

        var keyring: Keyring? { content.withLock { $0 } }
    }

    private static func known(_ keyring: Keyring, retired: Set<Int32> = []) -> [LoadedKeyring.KnownEpoch] {
        keyring.numbers.map { number in
            .init(
                number: number, checkValue: keyring.checkValue(of: number) ?? [], isRetired: retired.contains(number))
        }
    }

    private static let stream = StreamID(high: 0x4000, low: 1 << 63)

    @Test func `a keyring with a new epoch wraps under it and opens what stands under the old one`() throws {
        let old = Keyring.make()
        let new = old.adding(2)
        #expect(new.numbers == [1, 2] && new.current == 2 && old.current == 1)
        let key = StreamKey.draw(log: 0, stream: Self.stream)
        let wrapped = old.wrap(key, log: 0, stream: Self.stream)
        let again = new.wrap(
            try new.unwrap(wrapped.wrapped, epoch: 1, log: 0, stream: Self.stream), log: 0, stream: Self.stream)
        #expect(again.epoch == 2)
        let box = key.seal([1, 2, 3], epoch: 1, at: .blob)
        let only = try #require(new.removing(1))
        #expect(
            try only.unwrap(again.wrapped, epoch: 2, log: 0, stream: Self.stream).open(box, at: .blob) == [1, 2, 3])
        #expect(throws: EventCodingError.unknownEpoch(1)) {
            try only.unwrap(wrapped.wrapped, epoch: 1, log: 0, stream: Self.stream)
        }
        #expect(only.removing(2) == nil)
        #expect(try Keyring(file: new.fileBytes).checkValue(of: 2) == new.checkValue(of: 2))
    }

    @Test func `an epoch that the database does not know yet opens but does not wrap`() {
        let first = Keyring.make()
        let file = File(first.adding(2))
        let loaded = LoadedKeyring(first) { file.keyring }
        #expect(loaded.holding(2).numbers == [1, 2])
        #expect(loaded.learn(Self.known(first)) == [])
        #expect(loaded.current.current == 1, "not before the database knows it")
        #expect(loaded.learn(Self.known(loaded.current)) == [])
        #expect(loaded.current.current == 2)
    }

    @Test func `a refused epoch gives way to another, and a retired one is forgotten`() throws {
        let first = Keyring.make()
        let both = first.adding(2)
        let file = File(first)
        let loaded = LoadedKeyring(first) { file.keyring }
        #expect(!loaded.refuse(1), "there is no other")
        file.put(both)
        #expect(loaded.refuse(1) && loaded.current.current == 2)
        file.put(both.removing(1))
        #expect(loaded.learn(Self.known(both, retired: [1])) == [])
        #expect(loaded.current.numbers == [2])
    }

    @Test func `a file that contradicts what is in use changes nothing`() {
        let first = Keyring.make()
        let file = File(Keyring.make().adding(2))
        let loaded = LoadedKeyring(first) { file.keyring }
        #expect(!loaded.reload() && loaded.current.checkValue(of: 1) == first.checkValue(of: 1))
        file.put(Keyring.make().adding(2).removing(1))
        #expect(!loaded.reload(), "nothing in common")
        #expect(loaded.learn(Self.known(first.adding(2), retired: [1])) == [2], "nor what the database has")
        file.put(nil)
        #expect(!loaded.reload() && loaded.current.numbers == [1])
        #expect(loaded.learn(Self.known(first.adding(2))) == [2], "the missing epoch is told")
        // Another key for the new epoch than the database has: it is not wrapped under.
        let wrong = first.adding(2)
        file.put(wrong)
        #expect(loaded.learn(Self.known(first.adding(2))) == [2])
        #expect(loaded.current.numbers == [1, 2] && loaded.current.current == 1)
    }

    @Test func `a file without any epoch in memory is taken over when the database has the same`() throws {
        let first = Keyring.make()
        let both = first.adding(2)
        let only = try #require(both.removing(1))
        let loaded = LoadedKeyring(first) { only }
        #expect(!loaded.reload() && loaded.current.numbers == [1])
        #expect(loaded.learn(Self.known(both, retired: [1])) == [])
        #expect(loaded.current.numbers == [2] && loaded.current.current == 2)
    }
}
