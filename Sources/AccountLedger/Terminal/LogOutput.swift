import Glibc
import PostgresClient
import Synchronization

/// Where log lines go: standard error, which must never hold anybody up.
///
/// Lines gather in memory and a thread of its own writes them, many at once. A reader that stopped reading stops that
/// thread alone: what no longer fits is dropped, and the next line that fits says how many were.
final class LogOutput: Sendable {
    static let standardError = LogOutput(descriptor: STDERR_FILENO)

    private static let longestLine = 4096
    private static let room = 128 << 10
    /// How long lines gather; a person who watches does not notice it.
    private static let pauseMicroseconds: UInt32 = 10_000

    private struct Waiting {
        var bytes: [UInt8] = []
        var dropped = 0
        var isWriting = false
        var hasThread = false
    }

    private let descriptor: Int32
    private let waiting = Mutex(Waiting())
    /// Rings when the first line comes after a silence.
    private let bell = EventDescriptor()

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes one line, `make` being told how many were dropped before it.
    func write(_ make: (_ dropped: Int) -> [UInt8]) {
        let (mustRing, mustStart) = waiting.withLock { waiting -> (Bool, Bool) in
            guard waiting.bytes.count < Self.room else {
                waiting.dropped += 1
                return (false, false)
            }
            var line = make(waiting.dropped)
            if line.count > Self.longestLine { line = line.prefix(Self.longestLine - 1) + [0x0A] }
            waiting.dropped = 0
            let wasEmpty = waiting.bytes.isEmpty
            waiting.bytes += line
            defer { waiting.hasThread = true }
            return (wasEmpty, !waiting.hasThread)
        }
        if mustStart { _ = DedicatedThread(name: "log", stackBytes: 256 << 10) { self.run() } }
        if mustRing { bell.signal() }
    }

    /// Waits until everything is written, for a quarter of a second at most: before the process ends.
    func flush() {
        for _ in 0..<50 where waiting.withLock({ !$0.bytes.isEmpty || $0.isWriting }) { usleep(5_000) }
    }

    private func run() {
        // A reader that went away is told by the write's error; no process shall die of its log.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        while true {
            var state = pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&state, 1, -1) == 1 else { continue }
            bell.reset()
            usleep(Self.pauseMicroseconds)
            let bytes = waiting.withLock { waiting in
                defer { waiting.bytes.removeAll(keepingCapacity: false) }
                waiting.isWriting = true
                return waiting.bytes
            }
            writeAll(bytes)
            waiting.withLock { $0.isWriting = false }
        }
    }

    private func writeAll(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 && errno != EINTR && errno != EAGAIN { return }
                rest = rest.dropFirst(max(0, count))
            }
        }
    }
}
