import Glibc

/// The passphrase of a file of sealed keys: from the configuration, else asked for at the terminal.
enum Passphrase {
    /// The shortest that is taken for sealing.
    static let shortest = 12

    /// Finds it, or asks twice when it is new.
    ///
    /// - Throws: `CommandFailure` with exit code 78 when there is none to be had, or a new one is too short.
    static func find(_ configuration: LedgerConfiguration, isNew: Bool) throws(CommandFailure) -> String {
        let passphrase: String
        if let given = configuration.value("LEDGER_KEYS_PASSPHRASE") {
            passphrase = given
        } else {
            passphrase = try ask("Passphrase of the keys: ")
            if isNew, try ask("The same again: ") != passphrase {
                throw CommandFailure(.configuration, "the two passphrases differ")
            }
        }
        guard !isNew || passphrase.utf8.count >= shortest else {
            throw CommandFailure(.configuration, "a passphrase for keys has \(shortest) bytes or more")
        }
        return passphrase
    }

    private static func ask(_ prompt: String) throws(CommandFailure) -> String {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else {
            throw CommandFailure(
                .configuration,
                "there is no passphrase: set LEDGER_KEYS_PASSPHRASE_FILE, or run this at a terminal")
        }
        defer { close(terminal) }
        var before = termios()
        tcgetattr(terminal, &before)
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(terminal, TCSAFLUSH, &silent)
        defer {
            tcsetattr(terminal, TCSAFLUSH, &before)
            _ = write(terminal, "\n", 1)
        }
        _ = prompt.withCString { write(terminal, $0, strlen($0)) }
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(terminal, &byte, 1) == 1, byte != 0x0A, line.count < 4096 { line.append(byte) }
        guard !line.isEmpty else { throw CommandFailure(.configuration, "the passphrase is empty") }
        return String(decoding: line, as: UTF8.self)
    }
}
