import Glibc

/// What a running server says about itself in `postmaster.pid`.
struct PostmasterFile: Equatable {
    let processID: pid_t

    /// Whether it takes connections; the last of the file's eight lines.
    let isReady: Bool

    /// Where its socket lies; nil while that is not written yet.
    let socketDirectory: String?

    /// Reads the file; nil when there is none or it is still being written.
    init?(path: String) {
        guard let content = try? DurableFile.read(path: path, limit: 4096) else { return nil }
        self.init(content: String(decoding: content, as: UTF8.self))
    }

    init?(content: String) {
        let lines = content.split(separator: "\n", omittingEmptySubsequences: false)
        // A negative number stands for a single-user server; none of ours.
        guard let first = lines.first, let processID = pid_t(first), processID > 0 else { return nil }
        self.processID = processID
        socketDirectory = lines.count >= 5 && lines[4].hasPrefix("/") ? String(lines[4]) : nil
        isReady = lines.count >= 8 && lines[7].prefix { $0 != " " } == "ready"
    }
}
