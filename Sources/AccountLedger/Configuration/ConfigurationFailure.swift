/// What is wrong with the configuration, all of it at once.
struct ConfigurationFailure: Error, Equatable {
    /// One thing that is wrong, by key and source; never with the value of a secret.
    struct Problem: Equatable, CustomStringConvertible {
        let key: String
        let source: String
        let reason: String

        var description: String { "\(key) (\(source)): \(reason)" }
    }

    let problems: [Problem]
}
