import Glibc

/// A file that is read line by line, in pieces of a megabyte: memory holds one piece and the longest line.
public final class LineFile {
    private static let pieceBytes = 1 << 20
    /// Longer than any blob that a deployment takes.
    private static let longestLine = 1 << 31

    private let path: String
    private let descriptor: Int32
    private var buffer: UnsafeMutableRawPointer
    private var capacity = 2 * pieceBytes
    private var start = 0
    private var end = 0
    private var isAtEnd = false
    /// Where the next line begins in the file.
    public private(set) var offset: Int64 = 0

    /// Opens a file; `-` is standard input.
    ///
    /// - Throws: ``ExportFault`` for the file as a whole.
    public init(_ path: String) throws(ExportFault) {
        self.path = path
        buffer = .allocate(byteCount: capacity, alignment: 16)
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit {
        if descriptor > STDIN_FILENO { close(descriptor) }
        buffer.deallocate()
    }

    /// Lends the next line without its end; nil at the end of the file.
    ///
    /// - Throws: ``ExportFault`` when reading fails, a line has no end, or `body` throws.
    public func next<R>(_ body: (UnsafeRawBufferPointer) throws(ExportFault) -> R) throws(ExportFault) -> R? {
        var searched = 0
        while true {
            if let found = memchr(buffer + start + searched, 0x0A, end - start - searched) {
                let length = UnsafeRawPointer(found) - UnsafeRawPointer(buffer + start)
                let line = UnsafeRawBufferPointer(start: buffer + start, count: length)
                start += length + 1
                offset += Int64(length + 1)
                return try body(line)
            }
            searched = end - start
            if isAtEnd {
                guard searched == 0 else {
                    throw ExportFault(line: 0, "\(path) ends in the middle of a line: it was cut off")
                }
                return nil
            }
            try fill()
        }
    }

    /// Whether what is left, a line without an end, begins so or is a beginning of it.
    func restBegins(with text: StaticString) -> Bool {
        memcmp(buffer + start, text.utf8Start, min(end - start, text.utf8CodeUnitCount)) == 0
    }

    private func fill() throws(ExportFault) {
        if start > 0 {
            buffer.copyMemory(from: buffer + start, byteCount: end - start)
            end -= start
            start = 0
        }
        if capacity - end < Self.pieceBytes {
            guard capacity < Self.longestLine else { throw ExportFault(line: 0, "\(path) has a line too long") }
            let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity * 2, alignment: 16)
            larger.copyMemory(from: buffer, byteCount: end)
            buffer.deallocate()
            buffer = larger
            capacity *= 2
        }
        while true {
            let count = read(descriptor, buffer + end, Self.pieceBytes)
            if count > 0 { end += count } else if count == 0 { isAtEnd = true } else if errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure(path) }
            return
        }
    }

    private static func failure(_ path: String) -> ExportFault {
        ExportFault(line: 0, "cannot read \(path): \(String(cString: strerror(errno)))")
    }
}
