internal import Glibc

/// Wakes one thread that sleeps; rings that come while it is awake are kept, as one.
package final class Bell: Sendable {
    private let event = EventDescriptor()

    package init() {}

    /// Wakes the thread, or keeps it from falling asleep next time.
    package func ring() { event.signal() }

    /// Sleeps until the bell rings or the time is over.
    package func wait(milliseconds: Int) {
        var waiting = pollfd(fd: event.descriptor, events: Int16(POLLIN), revents: 0)
        if unsafe poll(&waiting, 1, Int32(max(0, min(milliseconds, 60_000)))) > 0 { event.reset() }
    }
}
