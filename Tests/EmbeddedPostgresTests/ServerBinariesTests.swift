import Testing

@testable import EmbeddedPostgres

@Suite("Server programs") struct ServerBinariesTests {
    @Test func `a missing server names the Debian package`() {
        let error = #expect(throws: EmbeddedPostgresError.self) {
            try ServerBinaries.find(given: nil, version: nil, installed: "/nonexistent", searchPath: "/nonexistent")
        }
        #expect(error?.kind == .missingServer)
        #expect(
            error?.description
                == "the server of PostgreSQL 15 or newer is not installed; on Debian: apt-get install postgresql-15")
    }

    @Test func `a cluster of another version asks for that version`() {
        let error = #expect(throws: EmbeddedPostgresError.self) {
            try ServerBinaries.find(given: nil, version: 9999)
        }
        #expect(error?.description.contains("apt-get install postgresql-9999") == true)
    }

    @Test func `a directory without the programs is named`() {
        let error = #expect(throws: EmbeddedPostgresError.self) {
            try ServerBinaries.find(given: "/nonexistent", version: nil)
        }
        #expect(error?.description.contains("/nonexistent does not hold") == true)
    }

    @Test func `the directory given and PATH lead to the same programs as Debian's place`() throws {
        let binaries = try ServerBinaries.find(given: nil, version: nil)
        #expect(try ServerBinaries.find(given: binaries.directory, version: nil) == binaries)
        let fromPath = try ServerBinaries.find(
            given: nil, version: nil, installed: "/nonexistent", searchPath: "/nonexistent:\(binaries.directory)")
        #expect(fromPath == binaries)
    }

    @Test(arguments: [
        ("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)", 15), ("postgres (PostgreSQL) 18beta1", 18),
        ("nonsense", nil),
    ])
    func `the major version is read from the program's answer`(line: String, version: Int?) {
        #expect(ServerBinaries.majorVersion(in: line) == version)
    }
}
