import ArgumentParser

/// How the tools reach the running service: LEDGER_PUBLIC_URL with LEDGER_ROOT_KEY.
///
/// Beside an `up` nothing need be said: its address is the configured one and its key lies in LEDGER_HOME.
struct ClientOptions: ParsableArguments {
    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    @Flag(help: "Print JSON.")
    var json = false

    func client() throws -> ServiceClient {
        let configuration = try options.load()
        if let key = configuration.value("LEDGER_ROOT_KEY") {
            return try ServiceClient(configuration.publicURL, key: key)
        }
        guard let key = try KeyFiles(home: configuration.home).readRoot() else {
            throw CommandFailure(
                .configuration,
                "there is no root key: set LEDGER_ROOT_KEY or LEDGER_ROOT_KEY_FILE, or LEDGER_HOME to that of an `up`")
        }
        return try ServiceClient(address(configuration), key: key)
    }

    /// What was configured, else where the `up` of this home says that it listens.
    private func address(_ configuration: LedgerConfiguration) -> ServiceURL {
        let isConfigured = ["LEDGER_PUBLIC_URL", "LEDGER_HTTP_HOST", "LEDGER_HTTP_PORT"].contains {
            configuration.isSet($0)
        }
        return isConfigured
            ? configuration.publicURL
            : RunningAddress(home: configuration.home).find() ?? configuration.publicURL
    }
}
