import ArgumentParser
import StrictJSON

/// `config`: what the program would run with.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print or check the configuration.", discussion: discussion,
        subcommands: [Print.self, Check.self])

    /// Every setting, which the help of the other subcommands leaves out.
    private static var discussion: String {
        """
        Every setting is a flag of each subcommand that uses it, an environment variable, or a line of the file given \
        by --config; a flag wins over the environment, and that over the file. A secret is never a flag: it is an \
        environment variable, or stands in a file named by a flag or variable.

        \(ConfigurationKey.all.map(\.help).joined(separator: "\n"))
        """
    }

    struct Print: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every key with its value, default and source; secrets are masked.")

        @OptionGroup(title: "Configuration") var options: ConfigurationOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let configuration = try options.load()
            if json { return Output.line(Self.json(configuration)) }
            var table = Table(["KEY", "VALUE", "DEFAULT", "SOURCE", "MEANING"])
            for entry in configuration.entries {
                table.append([
                    entry.key.name, Self.shown(entry) ?? "-", entry.key.defaultValue ?? entry.key.derivation ?? "-",
                    entry.source, entry.key.meaning,
                ])
            }
            table.print()
        }

        /// The value as it may be seen.
        static func shown(_ entry: LedgerConfiguration.Entry) -> String? {
            entry.value.map { entry.key.isSecret ? "***" : $0 }
        }

        private static func json(_ configuration: LedgerConfiguration) -> String {
            var writer = JSONWriter()
            writer.beginArray()
            for entry in configuration.entries {
                writer.beginObject()
                writer.key("key")
                writer.string(entry.key.name)
                for (name, value) in [("value", shown(entry)), ("default", entry.key.defaultValue)] {
                    writer.key(name)
                    if let value { writer.string(value) } else { writer.null() }
                }
                writer.key("source")
                writer.string(entry.source)
                writer.key("secret")
                writer.bool(entry.key.isSecret)
                writer.key("meaning")
                writer.string(entry.key.meaning)
                writer.endObject()
            }
            writer.endArray()
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check every key; says what is wrong and exits 78, or says nothing and exits 0.")

        @OptionGroup(title: "Configuration") var options: ConfigurationOptions

        func run() throws {
            _ = try options.load()
        }
    }
}
