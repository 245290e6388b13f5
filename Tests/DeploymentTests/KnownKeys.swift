import Foundation

/// The configuration keys of the program, as it tells them itself.
struct KnownKeys {
    private struct Key: Decodable {
        let key: String
        let secret: Bool
    }

    /// Every name that may stand in the environment.
    let names: Set<String>
    /// Those whose value is a secret.
    let secrets: Set<String>

    init() async throws {
        let printed = try await PlainProcess.output([try Repository.executable(), "config", "print", "--json"])
        let keys = try JSONDecoder().decode([Key].self, from: Data(printed.utf8))
        secrets = Set(keys.filter(\.secret).map(\.key))
        names = Set(keys.flatMap { $0.secret ? [$0.key, "\($0.key)_FILE"] : [$0.key] })
    }
}
