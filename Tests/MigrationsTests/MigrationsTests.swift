import FoundationEssentials
import Migrations
import Testing

@Suite("Migrations") struct MigrationsTests {
    /// The files as they lie in the checkout, for a file that nobody lists would never be applied.
    private var files: [String] {
        get throws {
            let folder = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../Migrations/sql").standardizedFileURL
            return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".sql") }
                .sorted()
        }
    }

    @Test func `every file is listed, under its own number and name`() throws {
        let listed = Migrations.all.map { migration in
            let digits = String(migration.number)
            return String(repeating: "0", count: 4 - digits.count) + digits + "_\(migration.name).sql"
        }
        #expect(try listed == files)
    }

    @Test func `numbers count from one without gap`() {
        #expect(Migrations.all.map(\.number) == Array(1...Migrations.all.count))
    }

    @Test func `no file opens or ends the transaction it runs in`() {
        for migration in Migrations.all {
            let statements = migration.sql.split(separator: "\n").map { $0.uppercased() }
            #expect(
                !statements.contains { $0.hasPrefix("COMMIT") || $0.hasPrefix("BEGIN;") || $0.hasPrefix("ROLLBACK") })
        }
    }
}
