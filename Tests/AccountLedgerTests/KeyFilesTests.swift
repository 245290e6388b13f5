import EmbeddedPostgres
import EventCoding
import Glibc
import Testing
import Transparency

@testable import AccountLedger

@Suite("Key files") struct KeyFilesTests {
    private func prepare(_ home: TemporaryDirectory, hasLog: Bool) throws -> KeyFiles.Contents {
        try KeyFiles(home: home.path).prepare(
            hasLog: hasLog, domain: "ledger.example.org", origin: "ledger.example.org/log")
    }

    private func failure(_ body: () throws -> some Any) -> CommandFailure? {
        do {
            _ = try body()
            return nil
        } catch { return error as? CommandFailure }
    }

    @Test func `keys are made once, for their owner's eyes only`() throws {
        let home = try TemporaryDirectory()
        let first = try prepare(home, hasLog: false)
        let again = try prepare(home, hasLog: true)
        #expect(first.root == again.root)
        #expect(first.root.hasPrefix("ledger."))
        #expect(first.signingKey.secretText == again.signingKey.secretText)
        #expect(first.secrets.master.text == again.secrets.master.text)
        #expect(first.secrets.keyring.fileBytes == again.secrets.keyring.fileBytes)
        let files = KeyFiles(home: home.path)
        for path in [files.master, files.keyring, files.root, files.signing] {
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(path)")
        }
    }

    @Test(arguments: ["master.key", "keyring.json", "root.key", "signing.key"])
    func `a key that is missing beside a log is not made anew`(name: String) throws {
        let home = try TemporaryDirectory()
        _ = try prepare(home, hasLog: false)
        unlink("\(home.path)/keys/\(name)")
        let refusal = failure { try prepare(home, hasLog: true) }
        #expect(refusal?.status == .configuration)
        #expect(refusal?.description.contains(name) ?? false)
        #expect(access("\(home.path)/keys/\(name)", F_OK) != 0)
    }

    @Test func `an interrupted start makes only what is missing`() throws {
        let home = try TemporaryDirectory()
        let first = try prepare(home, hasLog: false)
        unlink("\(home.path)/keys/signing.key")
        let second = try prepare(home, hasLog: false)
        #expect(second.secrets.master.text == first.secrets.master.text)
        #expect(second.signingKey.secretText != first.signingKey.secretText)
    }

    @Test(arguments: ["master.key", "root.key", "signing.key", "keyring.json"])
    func `a damaged key is refused`(name: String) throws {
        let home = try TemporaryDirectory()
        _ = try prepare(home, hasLog: false)
        _ = try home.write("keys/\(name)", "nonsense\n")
        #expect(throws: (any Error).self) { try prepare(home, hasLog: true) }
    }

    @Test func `a drawn root key is one`() {
        for _ in 0..<20 {
            #expect(ValueRule.rootKey(DrawnRootKey.make(for: "localhost")) == nil)
        }
    }
}
