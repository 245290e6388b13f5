import AccountSecurity
import Dispatch
import Glibc
import PKI
import Synchronization
import Testing

@Suite struct `Slow work` {
    /// Keeps a thread of a pool busy until it is opened.
    private final class Gate: Sendable {
        private let isOpen = DispatchSemaphore(value: 0)
        private let isReached = Mutex(false)

        func pass() {
            isReached.withLock { $0 = true }
            isOpen.wait()
        }

        func open() { isOpen.signal() }

        func reached() async {
            while !isReached.withLock({ $0 }) { await Task.yield() }
        }
    }

    private final class Record: Sendable {
        private let entries = Mutex<[Int]>([])
        var all: [Int] { entries.withLock { $0 } }
        func note(_ entry: Int) { entries.withLock { $0.append(entry) } }
    }

    private struct Failure: Error, Equatable {}

    private func wait(for count: Int, in work: SlowWork) async {
        while work.waiting != count { await Task.yield() }
    }

    @Test func `hands back what the work returns or throws`() async throws {
        let work = SlowWork()
        #expect(try await work.run { 42 } == 42)
        await #expect(throws: Failure.self) { try await work.run { throw Failure() } }
        #expect(try await work.run(.whenIdle) { "idle" } == "idle")
        await work.shutdown()
    }

    @Test func `runs at a low priority`() async throws {
        let work = SlowWork(threads: 1)
        let niceness = try await work.run { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
        #expect(niceness >= 10)
        await work.shutdown()
    }

    @Test func `takes work in order, and what is for idle times last`() async throws {
        let work = SlowWork(threads: 1)
        let (gate, record) = (Gate(), Record())
        async let first: Void = work.run { gate.pass() }
        await gate.reached()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for entry in 1...2 {
                group.addTask { try await work.run(.whenIdle) { record.note(100 + entry) } }
                await wait(for: entry, in: work)
            }
            for entry in 1...5 {
                group.addTask { try await work.run { record.note(entry) } }
                await wait(for: 2 + entry, in: work)
            }
            gate.open()
            try await group.waitForAll()
        }
        try await first
        #expect(record.all == [1, 2, 3, 4, 5, 101, 102])
        await work.shutdown()
    }

    @Test func `work for idle times leaves one thread free`() async throws {
        let work = SlowWork(threads: 2)
        let gate = Gate()
        async let first: Void = work.run(.whenIdle) { gate.pass() }
        await gate.reached()
        async let second = work.run(.whenIdle) { 2 }
        await wait(for: 1, in: work)
        #expect(try await work.run { 3 } == 3)
        #expect(work.waiting == 1)
        gate.open()
        try await first
        #expect(try await second == 2)
        await work.shutdown()
    }

    @Test func `a full queue refuses at once and recovers`() async throws {
        let work = SlowWork(threads: 1, queueLength: 2)
        let gate = Gate()
        async let running = work.run {
            gate.pass()
            return 0
        }
        await gate.reached()
        async let first = work.run { 1 }
        await wait(for: 1, in: work)
        async let second = work.run { 2 }
        await wait(for: 2, in: work)
        await #expect(throws: SlowWork.Overloaded.self) { try await work.run { 3 } }
        gate.open()
        #expect(try await [running, first, second] == [0, 1, 2])
        #expect(try await work.run { 4 } == 4)
        await work.shutdown()
    }

    @Test func `cancelled work that has not begun never runs, and makes room`() async throws {
        let work = SlowWork(threads: 1, queueLength: 1)
        let (gate, record) = (Gate(), Record())
        async let running: Void = work.run { gate.pass() }
        await gate.reached()
        let waiting = Task { try await work.run { record.note(1) } }
        await wait(for: 1, in: work)
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(work.waiting == 0)
        let cancelledBefore = Task {
            while !Task.isCancelled { await Task.yield() }
            try await work.run { record.note(2) }
        }
        cancelledBefore.cancel()
        await #expect(throws: CancellationError.self) { try await cancelledBefore.value }
        gate.open()
        try await running
        await work.shutdown()
        #expect(record.all.isEmpty)
    }

    @Test func `work that has begun ends though its task is cancelled`() async throws {
        let work = SlowWork(threads: 1)
        let gate = Gate()
        let running = Task {
            try await work.run {
                gate.pass()
                return 1
            }
        }
        await gate.reached()
        running.cancel()
        gate.open()
        #expect(try await running.value == 1)
        await work.shutdown()
    }

    @Test func `many tasks with many cancellations are each answered once`() async throws {
        let work = SlowWork(threads: 2, queueLength: 16)
        let answers = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<2_000 {
                let isAdded = group.addTaskUnlessCancelled {
                    let task = Task { try await work.run { number } }
                    if number % 3 == 0 { task.cancel() }
                    return (try? await task.value) ?? number == number
                }
                #expect(isAdded)
            }
            return await group.reduce(into: 0) { count, answer in count += answer ? 1 : 0 }
        }
        #expect(answers == 2_000)
        #expect(work.waiting == 0)
        await work.shutdown()
    }

    @Test func `shutting down refuses what waits, ends what runs, and takes no more`() async throws {
        let work = SlowWork(threads: 1)
        let gate = Gate()
        async let running = work.run {
            gate.pass()
            return 1
        }
        await gate.reached()
        let waiting = Task { try await work.run { 2 } }
        await wait(for: 1, in: work)
        async let ended: Void = work.shutdown()
        await #expect(throws: SlowWork.Ended.self) { try await waiting.value }
        gate.open()
        #expect(try await running == 1)
        await ended
        await work.shutdown()
        await #expect(throws: SlowWork.Ended.self) { try await work.run { 3 } }
    }

    @Test func `a pool that nobody shuts down ends by itself`() async throws {
        weak var leftover: SlowWork?
        do {
            let work = SlowWork()
            leftover = work
            #expect(try await work.run { 1 } == 1)
        }
        #expect(leftover == nil)
    }
}

@Suite struct `The stock of RSA keys` {
    /// Returns when the work for idle times that is under way has been done.
    private func settle(_ work: SlowWork) async throws { try await work.run(.whenIdle) {} }

    @Test func `makes nothing before it is asked, then keeps the stock full`() async throws {
        let work = SlowWork(threads: 1)
        let stock = RSAKeyStock(work: work)
        try await settle(work)
        #expect(stock.count == 0)

        stock.prefill()
        stock.prefill()
        try await settle(work)
        #expect(stock.count == 2)

        let first = try await stock.take()
        try await settle(work)
        #expect(stock.count == 2)
        let second = try await stock.take()
        #expect(first.publicKeySPKI != second.publicKeySPKI)
        await work.shutdown()
    }

    @Test func `makes a pair at once when the stock is empty`() async throws {
        let work = SlowWork(threads: 1)
        let stock = RSAKeyStock(work: work, size: 1)
        #expect(try await stock.take().bits == 2_048)
        try await settle(work)
        #expect(stock.count == 1)
        await work.shutdown()
    }

    @Test func `passes on that the pool has ended, and hands out what it has`() async throws {
        let work = SlowWork(threads: 1)
        let stock = RSAKeyStock(work: work, size: 1)
        stock.prefill()
        try await settle(work)
        await work.shutdown()
        _ = try await stock.take()
        await #expect(throws: SlowWork.Ended.self) { try await stock.take() }
    }

    @Test func `passes on that a size is not served`() async throws {
        let work = SlowWork(threads: 1)
        let stock = RSAKeyStock(work: work, bits: 1_000)
        await #expect(throws: PKIError.unsupportedSize) { try await stock.take() }
        await work.shutdown()
    }
}
