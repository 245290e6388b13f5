import Foundation
import Glibc
import Synchronization
import Testing
import Transparency

@testable import AccountLedger

/// The checkpoint that is kept outside the database, in a directory that several gateways may share.
@Suite("Kept checkpoints") struct CheckpointFileTests {
    private let home: TemporaryDirectory
    private let directory: String
    private let key: SigningKey

    init() throws {
        home = try TemporaryDirectory()
        directory = "\(home.path)/kept/outside"
        key = try #require(SigningKey.make(name: "test.example.org/log"))
    }

    private final class Counts: Sendable {
        let next = Atomic<Int>(0)
        let lost = Atomic<Int>(0)
    }

    private func checkpoint(_ size: Int64, origin: String = "test.example.org/log") throws -> SealedCheckpoint {
        let root = TreeHash.leaf([UInt8(truncatingIfNeeded: size)])
        let key = try #require(key.named(origin))
        let note = try Checkpoint(origin: origin, size: size, root: root).signed(with: [key])
        return SealedCheckpoint(size: size, root: root, note: note.description)
    }

    @Test func `a newer one takes the place of an older one, and never the other way round`() throws {
        let file = CheckpointFile(directory: directory)
        #expect(file.read() == nil)
        for (size, kept) in [(5, 5), (9, 9), (7, 9), (9, 9), (10, 10)] as [(Int64, Int64)] {
            try file.save(checkpoint(size))
            #expect(file.read()?.size == kept)
        }
        // A log that goes on under another name after a loss begins below what was given up.
        try file.save(checkpoint(3, origin: "test.example.org/log/2"))
        #expect(file.read()?.size == 3)
    }

    @Test func `of those who save at once none undoes what another saved`() throws {
        let counts = Counts()
        let notes = try (1...400).map { try checkpoint($0) }
        let file = CheckpointFile(directory: directory, patience: .seconds(60))
        try file.save(notes[0])
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            while true {
                let index = counts.next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < notes.count else { return }
                do {
                    try file.save(notes[index])
                    if (file.read()?.size ?? 0) < notes[index].size {
                        counts.lost.wrappingAdd(1, ordering: .relaxed)
                    }
                } catch { Issue.record(error) }
            }
        }
        #expect(counts.lost.load(ordering: .relaxed) == 0)
        #expect(file.read()?.size == 400)
    }

    @Test func `a lock that another process holds is waited for and told, and ends with that process`() throws {
        let file = CheckpointFile(directory: directory)
        try file.save(checkpoint(5))
        let other = Process()
        other.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        other.arguments = ["--exclusive", "--no-fork", directory, "/bin/sleep", "600"]
        try other.run()
        defer {
            kill(other.processIdentifier, SIGKILL)
            other.waitUntilExit()
        }
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        while flock(descriptor, LOCK_SH | LOCK_NB) == 0 {
            flock(descriptor, LOCK_UN)
            usleep(2_000)
        }
        let error = #expect(throws: CheckpointFile.LockFailure.self) {
            try CheckpointFile(directory: directory, patience: .milliseconds(20)).save(checkpoint(6))
        }
        #expect(error?.description == "cannot lock \(directory): another process holds its lock")
        #expect(file.read()?.size == 5)
        // Who waits has its turn as soon as the other is gone, however it went.
        let (patient, newer) = (CheckpointFile(directory: directory, patience: .seconds(60)), try checkpoint(7))
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            do { try patient.save(newer) } catch { Issue.record(error) }
            done.signal()
        }
        #expect(done.wait(timeout: .now()) == .timedOut)
        kill(other.processIdentifier, SIGKILL)
        done.wait()
        #expect(file.read()?.size == 7)
    }

    @Test func `a file that holds no checkpoint is replaced, and a directory that cannot be opened is told`() throws {
        let file = CheckpointFile(directory: directory)
        try file.save(checkpoint(5))
        try Data("nothing".utf8).write(to: URL(fileURLWithPath: file.path))
        #expect(file.read() == nil)
        try file.save(checkpoint(2))
        #expect(file.read()?.size == 2)
        let blocked = CheckpointFile(directory: "\(file.path)/below")
        #expect(throws: CheckpointFile.LockFailure.self) { try blocked.save(checkpoint(6)) }
    }
}
