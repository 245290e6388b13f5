import CAllocator

/// How much memory this process uses, as its allocator knows it; what was freed does not count.
enum MemoryGauge {
    static var usedBytes: Int { Int(allocator_used_bytes()) }

    /// Gives freed memory back to the system.
    static func trim() { allocator_trim() }
}
