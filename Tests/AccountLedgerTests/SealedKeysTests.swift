import EventCoding
import StrictJSON
import Testing

@testable import AccountLedger

@Suite struct `Keys in a sealed file` {
    private let keys = KeySet(
        keyring: Keyring.make().fileBytes, master: MasterKey.make().text, signing: "signing",
        former: "former 1\nformer 2\n", root: nil)

    @Test func `the passphrase opens them, and no other does`() throws {
        let file = try SealedKeys.seal(keys, passphrase: "correct horse battery")
        #expect(try SealedKeys.open(file, passphrase: "correct horse battery") == keys)
        #expect(throws: SealedKeysFailure.wrongPassphrase) {
            try SealedKeys.open(file, passphrase: "correct horse batterz")
        }
        let text = String(decoding: file, as: UTF8.self)
        #expect(!text.contains(keys.master) && !text.contains("signing"))
    }

    @Test func `the same keys are sealed anew each time`() throws {
        #expect(
            try SealedKeys.seal(keys, passphrase: "correct horse battery")
                != SealedKeys.seal(keys, passphrase: "correct horse battery"))
    }

    @Test func `a changed file does not open`() throws {
        let file = String(decoding: try SealedKeys.seal(keys, passphrase: "correct horse battery"), as: UTF8.self)
        let changes: [(String, SealedKeysFailure)] = [
            (file.replacing("\"version\":1", with: "\"version\":2"), .unknownVersion(2)),
            (file.replacing("\"iterations\":4", with: "\"iterations\":3"), .wrongPassphrase),
            (file.replacing("\"iterations\":4", with: "\"iterations\":4000"), .tooDear),
            (file.replacing("\"memory_kib\":65536", with: "\"memory_kib\":9999999999"), .tooDear),
            (file.replacing("account-ledger keys", with: "account-ledger kegs"), .notKeys),
            (file.replacing("\"box\":\"", with: "\"box\":\"AAAA"), .wrongPassphrase), ("", .notKeys),
        ]
        for (changed, failure) in changes {
            #expect(throws: failure) {
                try SealedKeys.open(Array(changed.utf8), passphrase: "correct horse battery")
            }
        }
    }
}
