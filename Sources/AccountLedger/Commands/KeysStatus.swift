import AccountDomain
import ArgumentParser
import EventCoding
import PostgresClient
import PostgresLedger
import StrictJSON

/// `keys status`: the epochs, and how many streams' keys stand under each.
struct KeysStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the epochs and how many keys stand under each.")

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let configuration = try options.load()
        try Database.explained {
            let tool = try KeyTool(configuration, for: "keys status", isAlone: false)
            defer { tool.connection.close() }
            // A keyring that does not fit is what this command is to show, not to stumble over.
            let keyring = try tool.file.read()
            let epochs = try tool.epochs.counted(on: tool.connection)
            report(epochs, keyring, unpurged: try tool.epochs.unpurged(on: tool.connection))
        }
    }

    private func report(_ epochs: [KeyEpochs.Epoch], _ keyring: Keyring, unpurged: Int64) {
        let current = epochs.last { $0.retiredAt == nil }?.number
        let rows = epochs.map { ($0, Self.state($0, current), Self.place($0, keyring)) }
        let ahead = keyring.numbers.filter { number in !epochs.contains { $0.number == number } }
        if json {
            let items = rows.map { epoch, state, place in
                JSONValue.object([
                    "epoch": .integer(Int64(epoch.number)), "state": .string(state), "keyring": .string(place),
                    "living": .integer(epoch.living), "destroyed": .integer(epoch.destroyed),
                    "opened_at": .string(epoch.openedAt.description),
                    "retired_at": epoch.retiredAt.map { .string($0.description) } ?? .null,
                ])
            }
            return Output.line(
                JSONText.compact([
                    "epochs": .array(items), "unregistered": .array(ahead.map { .integer(Int64($0)) }),
                    "unpurged_streams": .integer(unpurged),
                ]))
        }
        var table = Table(["EPOCH", "STATE", "KEYRING", "LIVING", "DESTROYED", "OPENED", "RETIRED"])
        for (epoch, state, place) in rows {
            table.append([
                "\(epoch.number)", state, place, "\(epoch.living)", "\(epoch.destroyed)",
                String(epoch.openedAt.description.prefix(19)),
                epoch.retiredAt.map { String($0.description.prefix(19)) } ?? "-",
            ])
        }
        table.print()
        for number in ahead {
            Output.writeToStandardError(
                "the keyring holds epoch \(number), which the database does not know yet; go on with: "
                    + "account-ledger keys rotate --resume\n")
        }
        if unpurged > 0 { Output.writeToStandardError("\(unpurged) erased streams are still to be purged\n") }
    }

    private static func state(_ epoch: KeyEpochs.Epoch, _ current: Int32?) -> String {
        if epoch.retiredAt != nil { return "retired" }
        return epoch.number == current ? "current" : "open"
    }

    private static func place(_ epoch: KeyEpochs.Epoch, _ keyring: Keyring) -> String {
        guard let value = keyring.checkValue(of: epoch.number) else { return "absent" }
        return value == epoch.checkValue ? "held" : "wrong"
    }
}
