import Testing

@testable import EmbeddedPostgres

@Suite("Server settings") struct ServerSettingsTests {
    private func text(_ settings: [String: String], socket: String = "/run/x") throws -> String {
        try ServerSettings.configuration(
            place: ClusterPlace(base: "/srv/ledger"), socketDirectory: socket, settings: settings)
    }

    @Test func `values are quoted`() throws {
        #expect(try text(["application_name": #"it's a \ "#]).contains(#"application_name = 'it''s a \\ '"#))
        #expect(try text([:], socket: "/a b,c").contains(#"unix_socket_directories = '"/a b,c"'"#))
    }

    @Test func `a setting from outside replaces ours`() throws {
        let text = try text(["max_connections": "7"])
        #expect(text.contains("max_connections = '7'"))
        #expect(!text.contains("max_connections = '60'"))
    }

    @Test(arguments: ["listen_addresses", "Listen_Addresses", "hba_file", "include", "a b", "", "x\ny"])
    func `reserved and impossible names are refused`(name: String) {
        let error = #expect(throws: EmbeddedPostgresError.self) { try text([name: "*"]) }
        #expect(error?.kind == .invalidSetting)
    }

    @Test func `a value with a line break is refused`() {
        #expect(throws: EmbeddedPostgresError.self) { try text(["work_mem": "1\nfsync=off"]) }
    }

    @Test(arguments: [
        ("12\n/d\n1\n5432\n/s\n\n 1 2\nready   \n", true), ("12\n/d\n1\n5432\n/s\n\n 1 2\nstarting\n", false),
        ("12\n", false),
    ])
    func `the server's own file tells whether it is ready`(content: String, isReady: Bool) {
        #expect(PostmasterFile(content: content)?.isReady == isReady)
        #expect(PostmasterFile(content: content)?.processID == 12)
    }

    @Test(arguments: ["", "x\n", "-12\n"]) func `a file without a server's number is none`(content: String) {
        #expect(PostmasterFile(content: content) == nil)
    }
}
