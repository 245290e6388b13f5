import AccountDomain
import Accounts
import ArgumentParser
import PostgresLedger
import PostgresTransparency

/// Measures the appender alone: the use cases and the log in this process, without HTTP in front.
@main struct AppenderBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Append backups in process and print the rate as JSON.",
        discussion: """
            Reads LEDGER_DATABASE_URL, LEDGER_MASTER_KEY_FILE and LEDGER_KEYRING_FILE as `account-ledger serve` does. \
            Creates its accounts first, which is not measured, then keeps a number of backup puts outstanding for a \
            time or until a number of them is done.
            """)

    @Option(help: "Commands kept outstanding.")
    var outstanding = 64

    @Option(help: "Accounts the puts go round.")
    var accounts = 4096

    @Option(help: "Bytes of a backup.")
    var payload = 300

    @Option(help: "Seconds that are measured.")
    var seconds = 3.0

    @Option(help: "Stop after so many puts instead.")
    var puts: Int?

    @Flag(help: "Seal the log meanwhile, and tell how far sealing lags. A log sealed by another key is not sealed on.")
    var seal = false

    mutating func validate() throws {
        guard outstanding > 0, accounts >= outstanding, payload > 0, seconds > 0 else {
            let rule = "Numbers must be positive, and accounts as many as are outstanding."
            throw ArgumentParser.ValidationError(rule)
        }
    }

    mutating func run() async throws {
        let ledger = try Ledger.open(seals: seal)
        // Without its tailer the cache would take every stream for stale.
        let following = Task { await ledger.log.run() }
        let sealing = Task { await ledger.sealer?.run() }
        do {
            let measured = try await measure(ledger)
            print(measured.json)
        } catch {
            following.cancel()
            sealing.cancel()
            await ledger.log.close()
            throw error
        }
        sealing.cancel()
        await sealing.value
        following.cancel()
        await following.value
        await ledger.log.close()
    }

    private func measure(_ ledger: Ledger) async throws -> Measurement {
        let shares = try await makeAccounts(ledger)
        let body = [UInt8](repeating: UInt8(ascii: "b"), count: payload)
        let quota = puts.map { ($0 + outstanding - 1) / outstanding } ?? Int.max
        ledger.lag.restart()
        let processorBefore = Measurement.processorSeconds()
        let begin = ContinuousClock.now
        let end = puts == nil ? begin + .seconds(seconds) : begin + .seconds(86_400)
        let latencies = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for share in shares {
                group.addTask {
                    try await Self.put(ledger, body, round: share, until: end, atMost: quota)
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return Measurement(
            outstanding: outstanding, elapsed: ContinuousClock.now - begin,
            processorSeconds: Measurement.processorSeconds() - processorBefore, latencies: latencies,
            lag: ledger.sealer == nil ? nil : ledger.lag.worst, checkpoints: ledger.lag.checkpoints)
    }

    /// One of the outstanding: puts the next version to one of its accounts after the other.
    private static func put(
        _ ledger: Ledger, _ body: [UInt8], round: [AccountID], until end: ContinuousClock.Instant, atMost quota: Int
    ) async throws -> [Duration] {
        var latencies: [Duration] = []
        var version = 0
        while true {
            version += 1
            for account in round {
                let begin = ContinuousClock.now
                guard begin < end, latencies.count < quota else { return latencies }
                _ = try await ledger.service.putBackup(body, version: version, of: account, ledger.context())
                latencies.append(ContinuousClock.now - begin)
            }
        }
    }

    /// The accounts, dealt to the outstanding so that no two ever write to the same one.
    private func makeAccounts(_ ledger: Ledger) async throws -> [[AccountID]] {
        let count = accounts
        let dealers = outstanding
        return try await withThrowingTaskGroup(of: [AccountID].self) { group in
            for dealer in 0..<dealers {
                group.addTask {
                    var made: [AccountID] = []
                    for _ in stride(from: dealer, to: count, by: dealers) {
                        let new = NewAccount(system: .native, activated: true)
                        let appended = try await ledger.service.create(new, ledger.context())
                        if let first = appended.events.first { made.append(first.stream) }
                    }
                    return made
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
