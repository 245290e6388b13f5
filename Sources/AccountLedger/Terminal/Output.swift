import Glibc

/// What a command prints: collected, and written to standard output in large pieces.
///
/// When whoever reads it goes away (`account-ledger replay | head`) the command has done its work and ends.
struct Output {
    /// Whether standard output is a terminal that shows colours.
    static let isTerminal = isatty(STDOUT_FILENO) == 1
    /// Whether standard error is a terminal, on which progress can be drawn over itself.
    static let isErrorTerminal = isatty(STDERR_FILENO) == 1
    /// Whether colours may be used: not with NO_COLOR, not on a dumb terminal.
    static let hasColour =
        Output.isTerminal
        && Output.allowsColour(
            noColour: getenv("NO_COLOR").map { String(cString: $0) }, term: getenv("TERM").map { String(cString: $0) })

    static func allowsColour(noColour: String?, term: String?) -> Bool {
        (noColour ?? "").isEmpty && term != "dumb"
    }

    /// Prints a line at once.
    static func line(_ text: String) {
        write(Array(text.utf8) + [0x0A])
    }

    /// Prints bytes at once.
    static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                // Nobody reads any more; any other trouble has nobody to be told to either.
                exit(errno == EPIPE ? CommandStatus.success.rawValue : CommandStatus.failure.rawValue)
            }
        }
    }

    /// Nothing is held back, so that there is nothing to flush but what the C library holds for help texts.
    static func flush() { fflush(nil) }

    /// Writes a message for a person beside the output.
    static func writeToStandardError(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// A colour or weight of text on a terminal that has them; nothing elsewhere.
enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"

    func callAsFunction(_ text: String, hasColour: Bool = Output.hasColour) -> String {
        hasColour ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// Text from outside made safe for a terminal: control characters could move the cursor or forge lines.
func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) }) else {
        return text
    }
    var safe = ""
    for scalar in text.unicodeScalars {
        let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
        safe.unicodeScalars.append(scalar == "\t" ? " " : isControl ? "\u{FFFD}" : scalar)
    }
    return safe
}
