import CAllocator
import Glibc

/// How much memory this process uses, as its allocator knows it; what was freed does not count.
enum MemoryGauge {
    static var usedBytes: Int { Int(allocator_used_bytes()) }

    /// Whether more than so many bytes are in use.
    ///
    /// The allocator's figure takes milliseconds, and cannot be much larger than what the system counts at once.
    static func isUsing(moreThan limit: Int) -> Bool { residentBytes > limit && usedBytes > limit }

    /// Gives freed memory back to the system.
    static func trim() { allocator_trim() }

    /// What the system counts, code and freed memory included; all that there is when it does not tell.
    private static var residentBytes: Int {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return .max }
        defer { close(file) }
        // Seven numbers of pages, of which the second counts.
        let text = String(unsafeUninitializedCapacity: 160) { max(0, read(file, $0.baseAddress, $0.count)) }
        guard let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return .max }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
