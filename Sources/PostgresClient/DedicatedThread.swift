internal import CPostgres
internal import Glibc
internal import Synchronization

/// A named thread of its own, for work that blocks and so must stay away from the cooperative pool.
///
/// Dropping it lets the thread run on by itself.
public final class DedicatedThread: Sendable {
    /// The handle until it is joined.
    private let handle: Mutex<pthread_t?>

    private final class Body {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts a thread.
    ///
    /// - Parameters:
    ///   - name: Shown by `top -H` and debuggers; Linux keeps the first 15 bytes.
    ///   - stackBytes: The size of its stack, 1 MiB when not given.
    ///   - body: What it runs.
    public init(name: String, stackBytes: Int = 1 << 20, body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)

        let argument = unsafe Unmanaged.passRetained(Body(name: name, run: body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                _ = unsafe postgres_name_thread(body.name)
                body.run()
                return nil
            }, argument.toOpaque())
        // The process is at its limit of threads; nothing of it can work.
        precondition(code == 0, "cannot start the thread \(name): error \(code)")
        handle = Mutex(thread)
    }

    deinit {
        handle.withLock { handle in
            if let thread = handle { pthread_detach(thread) }
        }
    }

    /// Waits until the thread has ended; a second call returns at once.
    ///
    /// Blocks, so it is not for the cooperative pool.
    public func join() {
        let thread = handle.withLock { handle -> pthread_t? in
            defer { handle = nil }
            return handle
        }
        if let thread { pthread_join(thread, nil) }
    }
}
