/// How many rows to read at one time, so that they take about as much memory whatever the size of their boxes.
struct ReadSize {
    /// What the rows of one read may take, about.
    private let bytes: Int
    /// How many rows the next read may give.
    private(set) var rows: Int32
    private let most: Int32

    /// Begins with few rows, for nothing is known of them.
    init(atMost most: Int32, bytes: Int) {
        self.most = most
        self.bytes = bytes
        rows = min(most, 256)
    }

    /// Takes note of what a read gave.
    mutating func note(rows count: Int, bytes: Int) {
        guard count > 0 else { return }
        let fitting = max(16, self.bytes / max(1, bytes / count))
        // At most twice as many, since those behind may be larger.
        rows = Int32(min(Int(most), Int(rows) * 2, fitting))
    }
}
