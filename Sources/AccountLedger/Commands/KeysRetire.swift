import ArgumentParser
import EventCoding
import PostgresClient
import PostgresLedger

/// `keys retire`: the end of an epoch, and of everything that older backups hold of the erased.
struct KeysRetire: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire", abstract: "End an epoch and destroy its key for good.",
        discussion: """
            Refused while a living key stands under the epoch. Afterwards no backup opens in which keys are wrapped \
            under it: neither of the erased, which is the purpose, nor of anybody else. So retire an epoch when the \
            oldest backup taken before the end of its rotation has expired, and destroy the copies of the keyring \
            that hold its key. Killed in between, it may be run again.
            """)

    @Argument(help: "The epoch's number.")
    var epoch: Int32

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.load()
        try Database.explained {
            let tool = try KeyTool(configuration, for: "keys retire", isAlone: true)
            defer { tool.connection.close() }
            let keyring = try tool.keyring(mayBeAhead: false)
            let known = try tool.epochs.counted(on: tool.connection)
            guard let found = known.first(where: { $0.number == epoch }) else {
                throw CommandFailure(.failure, "there is no epoch \(epoch)")
            }
            guard known.contains(where: { $0.number > epoch && $0.retiredAt == nil }) else {
                throw CommandFailure(
                    .failure, "epoch \(epoch) is the newest; begin another first with: account-ledger keys rotate")
            }
            guard found.living == 0 else { throw occupied(found.living) }
            do throws(PostgresError) { try retire(tool) } catch {
                guard error.sqlState == "LG006" else { throw error }
                throw occupied(nil)
            }
            // Committed: nothing can come under the epoch any more, so its key is of no use but to old backups.
            guard keyring.numbers.contains(epoch), let left = keyring.removing(epoch) else {
                return Output.line("epoch \(epoch) is retired; its key was gone from \(tool.file.path) already")
            }
            try tool.file.destroyAndReplace(with: left)
            Output.line("epoch \(epoch) is retired; its key is gone from \(tool.file.path)")
        }
    }

    private func retire(_ tool: KeyTool) throws(PostgresError) {
        do { try tool.epochs.retire(epoch, on: tool.connection) } catch let error as PostgresError { throw error } catch
        {
            throw PostgresError(kind: .decoding, message: "\(error)")
        }
    }

    private func occupied(_ count: Int64?) -> CommandFailure {
        let keys = count.map { "\($0) living keys are" } ?? "living keys are"
        return CommandFailure(
            .failure, "\(keys) still wrapped under epoch \(epoch); run: account-ledger keys rotate --resume")
    }
}
