internal import CPostgres
internal import Glibc

/// An eventfd: wakes a thread that sleeps in poll(2).
package final class EventDescriptor: Sendable {
    package let descriptor: Int32

    package init() {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        // The process is at its limit of descriptors; nothing of it can work.
        precondition(descriptor >= 0, "no descriptor left for an eventfd: error \(errno)")
    }

    deinit {
        Glibc.close(descriptor)
    }

    package func signal() {
        _ = eventfd_write(descriptor, 1)
    }

    package func reset() {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor, &count)
    }
}
