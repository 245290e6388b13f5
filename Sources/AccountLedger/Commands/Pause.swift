import Glibc

/// Waiting in the tools, which have nothing else to do.
enum Pause {
    static func milliseconds(_ count: UInt32) { _ = usleep(count * 1_000) }

    static func seconds(_ seconds: UInt32) { _ = sleep(seconds) }
}
