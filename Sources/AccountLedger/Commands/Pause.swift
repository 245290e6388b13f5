import Glibc

/// Waiting in the tools, which have nothing else to do.
enum Pause {
    static func seconds(_ seconds: UInt32) { _ = sleep(seconds) }
}
