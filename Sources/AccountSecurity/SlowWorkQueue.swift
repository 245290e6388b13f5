import Glibc

/// The queue of a pool, its lock, and its threads.
///
/// Sound as `Sendable`: everything that changes is touched only while `mutex` is held. A condition variable is needed,
/// which the `Mutex` of the standard library does not have.
final class SlowWorkQueue: @unchecked Sendable {
    /// Something to run, exactly one of whose closures is called, once.
    struct Job {
        let id: UInt64
        let run: @Sendable () -> Void
        let refuse: @Sendable (any Error) -> Void
    }

    /// How nice the threads are to the rest of the process, from 0 to 19.
    private static let niceness: Int32 = 10

    private let maximumThreads: Int
    private let length: Int
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    private var lastID: UInt64 = 0
    private var normal: [Job] = []
    private var whenIdle: [Job] = []
    private var runningWhenIdle = 0
    private var threads: [pthread_t] = []
    private var idleThreads = 0
    private var liveThreads = 0
    private var isClosed = false
    private var closers: [CheckedContinuation<Void, Never>] = []

    init(threads: Int, length: Int) {
        maximumThreads = threads
        self.length = length
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    var waiting: Int { locked { normal.count + whenIdle.count } }

    func makeID() -> UInt64 {
        locked {
            lastID += 1
            return lastID
        }
    }

    /// Puts `job` into the queue, or refuses it.
    func add(_ job: Job, _ urgency: SlowWork.Urgency) {
        let refusal: (any Error)? = locked {
            guard !isClosed else { return SlowWork.Ended() }
            let waiting = urgency == .normal ? normal.count : whenIdle.count
            guard waiting < length else { return SlowWork.Overloaded() }
            // An idle thread may be spoken for by what waits already.
            if idleThreads <= normal.count + whenIdle.count, liveThreads < maximumThreads { startThread() }
            guard liveThreads > 0 else { return SlowWork.Overloaded() }
            switch urgency {
            case .normal: normal.append(job)
            case .whenIdle: whenIdle.append(job)
            }
            pthread_cond_signal(changed)
            return nil
        }
        if let refusal { job.refuse(refusal) }
    }

    /// Takes out a job that has not begun.
    func cancel(_ id: UInt64) {
        let job: Job? = locked {
            if let index = normal.firstIndex(where: { $0.id == id }) { return normal.remove(at: index) }
            if let index = whenIdle.firstIndex(where: { $0.id == id }) { return whenIdle.remove(at: index) }
            return nil
        }
        job?.refuse(CancellationError())
    }

    /// Ends the queue and returns when all threads have ended.
    func close() async {
        refuseAll()
        await withCheckedContinuation { continuation in
            let isOver = locked {
                if liveThreads > 0 { closers.append(continuation) }
                return liveThreads == 0
            }
            if isOver { continuation.resume() }
        }
        // These are past their last step, so joining does not wait.
        for thread in takeThreads() { pthread_join(thread, nil) }
    }

    /// Ends the queue without waiting for its threads.
    func abandon() {
        refuseAll()
        for thread in takeThreads() { pthread_detach(thread) }
    }

    private func refuseAll() {
        let jobs: [Job] = locked {
            isClosed = true
            defer {
                normal = []
                whenIdle = []
            }
            pthread_cond_broadcast(changed)
            return normal + whenIdle
        }
        for job in jobs { job.refuse(SlowWork.Ended()) }
    }

    private func takeThreads() -> [pthread_t] {
        locked {
            defer { threads = [] }
            return threads
        }
    }

    // MARK: Threads

    /// Starts one more thread, while the lock is held; when the system has none left, there is one less.
    private func startThread() {
        var thread = pthread_t()
        let queue = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<SlowWorkQueue>.fromOpaque(context).takeRetainedValue().work() }
                return nil
            }, queue.toOpaque())
        guard status == 0 else {
            queue.release()
            return
        }
        threads.append(thread)
        liveThreads += 1
    }

    /// What a thread does all its life.
    private func work() {
        // Signals are for the main thread.
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        // On Linux this concerns the calling thread alone. Should it fail, the work gets done all the same.
        _ = nice(Self.niceness)

        while let (job, urgency) = next() {
            job.run()
            if urgency == .whenIdle {
                locked {
                    runningWhenIdle -= 1
                    pthread_cond_signal(changed)
                }
            }
        }
        let done: [CheckedContinuation<Void, Never>] = locked {
            liveThreads -= 1
            guard liveThreads == 0 else { return [] }
            defer { closers = [] }
            return closers
        }
        for closer in done { closer.resume() }
    }

    /// Waits for something to do; nil when the queue has ended.
    private func next() -> (Job, SlowWork.Urgency)? {
        locked {
            while !isClosed {
                if !normal.isEmpty { return (normal.removeFirst(), .normal) }
                if !whenIdle.isEmpty, runningWhenIdle < max(1, maximumThreads - 1) {
                    runningWhenIdle += 1
                    return (whenIdle.removeFirst(), .whenIdle)
                }
                idleThreads += 1
                pthread_cond_wait(changed, mutex)
                idleThreads -= 1
            }
            return nil
        }
    }

    private func locked<T>(_ body: () -> T) -> T {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
