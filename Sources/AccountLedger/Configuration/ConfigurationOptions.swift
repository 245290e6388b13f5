import ArgumentParser
import FoundationEssentials

/// What every subcommand that reads the configuration shares: its file, and a flag for each key.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "File of KEY=VALUE lines. Each setting is a flag, too: `account-ledger config --help` tells them.",
            valueName: "file"))
    var file: String?

    @OptionGroup(visibility: .hidden) var flags: SettingFlags

    /// Reads all sources and checks every key.
    func load() throws(ConfigurationFailure) -> LedgerConfiguration {
        try LedgerConfiguration(
            ConfigurationSources(flags: flags.given, environment: ProcessInfo.processInfo.environment, file: file))
    }
}
