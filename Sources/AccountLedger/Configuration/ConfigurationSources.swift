import Configuration
import Glibc

/// The three places a setting may come from, read once: flags, then the environment, then the file.
struct ConfigurationSources {
    /// A value and where it was found.
    struct Found: Equatable {
        let value: String
        let source: String
        /// The flag, variable or file the value stood in, for messages.
        let place: String
    }

    private struct Source {
        let name: String
        let values: [String: String]
        let reader: ConfigReader

        init(name: String, values: [String: String], provider: some ConfigProvider) {
            self.name = name
            self.values = values
            reader = ConfigReader(provider: provider)
        }

        /// An empty value counts as none, since a composed environment often holds such.
        func value(of name: String, isSecret: Bool) -> String? {
            let key = ConfigKey(ConfigurationSources.components(of: name))
            let value = reader.string(forKey: key, isSecret: isSecret)
            return value?.isEmpty ?? true ? nil : value
        }
    }

    private let sources: [Source]
    private var problems: [ConfigurationFailure.Problem] = []

    /// Takes flags and environment as they are given, and reads the file.
    ///
    /// - Parameters:
    ///   - flags: values by the names of their keys.
    ///   - environment: the whole environment; what does not begin with `LEDGER_` is passed over.
    ///   - file: the path given by `--config`; lines of `KEY=VALUE`, blank lines and lines that begin with `#`.
    init(flags: [String: String], environment: [String: String], file: String?) {
        let ours = environment.filter { $0.key.hasPrefix("LEDGER_") && !ConfigurationKey.ignored.contains($0.key) }
        let flagValues = Dictionary(
            uniqueKeysWithValues: flags.map { name, value in
                (AbsoluteConfigKey(Self.components(of: name)), ConfigValue(.string(value), isSecret: false))
            })
        var sources = [
            Source(name: "flag", values: flags, provider: InMemoryProvider(name: "flags", values: flagValues)),
            Source(
                name: "environment", values: ours, provider: EnvironmentVariablesProvider(environmentVariables: ours)),
        ]
        if let file {
            let values = Self.read(file, &problems)
            sources.append(
                Source(name: file, values: values, provider: EnvironmentVariablesProvider(environmentVariables: values))
            )
        }
        self.sources = sources
        refuseUnknown()
    }

    /// What is wrong with the sources themselves: a file that cannot be read, keys that do not exist.
    var sourceProblems: [ConfigurationFailure.Problem] { problems }

    /// The first value of a key, from itself or from the file that its `_FILE` names.
    func find(_ key: ConfigurationKey, _ problems: inout [ConfigurationFailure.Problem]) -> Found? {
        for source in sources {
            let direct = source.value(of: key.name, isSecret: key.isSecret)
            let path = key.isSecret ? source.value(of: key.fileName, isSecret: false) : nil
            switch (direct, path) {
            case (nil, nil): continue
            case (_?, _?):
                problems.append(
                    .init(key: key.name, source: source.name, reason: "is given together with \(key.fileName)"))
                return nil
            case (let value?, nil): return Found(value: value, source: source.name, place: key.name)
            case (nil, let path?):
                do throws(FileFailure) {
                    return Found(
                        value: try SmallFile.line(path), source: "\(source.name), \(path)", place: key.fileName)
                } catch {
                    problems.append(.init(key: key.fileName, source: source.name, reason: error.description))
                    return nil
                }
            }
        }
        return nil
    }

    /// `LEDGER_HTTP_PORT` as the library's key: `ledger`, `http`, `port`.
    private static func components(of name: String) -> [String] {
        name.lowercased().split(separator: "_").map { String($0) }
    }

    private mutating func refuseUnknown() {
        let known = Set(ConfigurationKey.all.flatMap { $0.isSecret ? [$0.name, $0.fileName] : [$0.name] })
        for source in sources {
            for name in source.values.keys.sorted() where !known.contains(name) {
                problems.append(.init(key: name, source: source.name, reason: "is not a key of the configuration"))
            }
        }
    }

    private static func read(_ path: String, _ problems: inout [ConfigurationFailure.Problem]) -> [String: String] {
        var values: [String: String] = [:]
        do throws(FileFailure) {
            let text = String(decoding: try SmallFile.read(path), as: UTF8.self)
            for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let line = line.trimmingBlanks()
                guard !line.isEmpty, !line.hasPrefix("#") else { continue }
                let place = "\(path) line \(index + 1)"
                guard let equals = line.firstIndex(of: "="), equals != line.startIndex else {
                    problems.append(.init(key: "--config", source: place, reason: "is not of the form KEY=VALUE"))
                    continue
                }
                let name = String(line[..<equals].trimmingBlanks())
                guard values[name] == nil else {
                    problems.append(.init(key: name, source: place, reason: "stands in the file twice"))
                    continue
                }
                values[name] = unquoted(line[line.index(after: equals)...].trimmingBlanks())
            }
        } catch {
            problems.append(.init(key: "--config", source: "flag", reason: error.description))
        }
        return values
    }

    private static func unquoted(_ text: Substring) -> String {
        for quote in ["\"", "'"] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            return String(text.dropFirst().dropLast())
        }
        return String(text)
    }
}

extension Substring {
    /// The text without blanks and line ends around it.
    func trimmingBlanks() -> Substring {
        var text = drop { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\r\n" || $0 == "\n" }
        while let last = text.last, last == " " || last == "\t" || last == "\r" || last == "\r\n" || last == "\n" {
            text.removeLast()
        }
        return text
    }
}
