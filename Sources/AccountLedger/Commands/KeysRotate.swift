import ArgumentParser
import EventCoding
import PostgresClient
import PostgresLedger

/// `keys rotate`: a new epoch, and every living key under it.
struct KeysRotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Begin a new epoch and rewrap every living key under it.",
        discussion: """
            Draws a key, puts it into the keyring file (mode 600, in one piece), makes its epoch known to the database, \
            and rewraps in batches while the service serves. Killed at any moment, --resume goes on where it ended. \
            Gateways that share the file notice by themselves within seconds; those with a copy of their own refuse \
            what is under the new epoch until they have the new file.
            """)

    @Flag(help: "Draw no new key: go on with an earlier rotation, or rewrap what gateways wrapped meanwhile.")
    var resume = false

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.load()
        try Database.explained {
            let tool = try KeyTool(configuration, for: "keys rotate", isAlone: true)
            defer { tool.connection.close() }
            let keyring = try newest(tool)
            let total = try tool.epochs.living(outside: keyring.current, on: tool.connection)
            let progress = ProgressLine("rewrapped", unit: "keys")
            let outcome = try tool.epochs.rewrap(under: keyring, on: tool.connection) { done in
                progress.show(done, of: total)
                return true
            }
            progress.end()
            Output.line("epoch \(keyring.current): \(outcome.rewrapped) keys rewrapped, \(outcome.left) left")
            if outcome.unreadable > 0 {
                throw CommandFailure(
                    .failure,
                    "\(outcome.unreadable) keys do not open with the keyring and stay as they are; run: "
                        + "account-ledger verify")
            }
            if outcome.left > 0 {
                throw CommandFailure(.temporary, "some keys were in use; run: account-ledger keys rotate --resume")
            }
        }
    }

    /// The keyring whose newest epoch the database knows: a new one, or that of a rotation that ended early.
    private func newest(_ tool: KeyTool) throws -> Keyring {
        var keyring = try tool.keyring(mayBeAhead: true)
        let known = try tool.epochs.counted(on: tool.connection)
        let ahead = keyring.numbers.filter { number in !known.contains { $0.number == number } }
        if ahead.isEmpty, !resume {
            let number = max(known.last?.number ?? 0, keyring.numbers.last ?? 0) + 1
            keyring = keyring.adding(number)
            // The file comes first: an epoch that the database knows and no file holds would be lost data.
            try tool.file.replace(with: keyring)
            try tool.epochs.register(number, of: keyring, on: tool.connection)
            Output.writeToStandardError("began epoch \(number)\n")
        }
        for number in ahead { try tool.epochs.register(number, of: keyring, on: tool.connection) }
        if known.first(where: { $0.number == keyring.current })?.retiredAt != nil {
            throw CommandFailure(
                .failure, "the newest epoch is retired; begin another with: account-ledger keys rotate")
        }
        return keyring
    }
}
