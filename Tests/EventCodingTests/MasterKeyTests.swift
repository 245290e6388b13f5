import AccountDomain
import Crypto
import EventCoding
import Testing

/// What is stored under the master key must come out the same for ever, whichever way it is computed.
@Suite struct `Master key` {
    private static let bytes = [UInt8](0..<32)

    private static func master() throws -> MasterKey {
        try MasterKey(text: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    }

    private static func code(_ purpose: String, _ message: [UInt8]) -> [UInt8] {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: bytes), info: Array("account-ledger/\(purpose)".utf8),
            outputByteCount: 32)
        return Array(HMAC<SHA256>.authenticationCode(for: message, using: derived))
    }

    @Test(arguments: ["", "person@example.org", String(repeating: "ä", count: 300)])
    func `a look-up is found by kind, scope and value under the pepper`(value: String) throws {
        let message = [0x01, 0x02] + Array("scope".utf8) + [0] + Array(value.utf8)
        #expect(try Self.master().lookupKey(kind: 0x0102, scope: "scope", value) == Self.code("pepper", message))
        // Again, since what was begun once must not have been used up.
        let master = try Self.master()
        #expect(master.lookupKey(kind: 1, scope: "", value) == master.lookupKey(kind: 1, scope: "", value))
    }

    @Test func `a reservation is a look-up without a scope, whose kind is the namespace`() throws {
        let message = [0, UInt8(Namespace.accountName.rawValue), 0] + Array("alice".utf8)
        #expect(try Self.master().reservationKey(.accountName, "alice") == Self.code("pepper", message))
    }

    @Test func `a keyed command has one id, made of all that tells it from others`() throws {
        let master = try Self.master()
        let message =
            [0, 0, 0, 2, 1, 2] + [0, 0, 0, 3] + Array("PUT".utf8) + [0, 0, 0, 2] + Array("/a".utf8) + [0, 0, 0, 1]
            + Array("k".utf8)
        let id = master.commandID(caller: [1, 2], method: "PUT", path: "/a", key: "k")
        var expected = Array(Self.code("idempotency", message)[..<16])
        expected[6] = expected[6] & 0x0F | 0x40
        expected[8] = expected[8] & 0x3F | 0x80
        #expect(id.bytes == expected)
        #expect(id != master.commandID(caller: [1, 2], method: "PUT", path: "/ak", key: ""))
    }

    @Test func `a stream made by a keyed command has an id of its own for each ordinal`() throws {
        let master = try Self.master()
        let command = master.commandID(caller: [], method: "POST", path: "/", key: "k")
        var expected = Array(Self.code("idempotency", Array("stream/1/".utf8) + command.bytes)[..<16])
        expected[6] = expected[6] & 0x0F | 0x40
        expected[8] = expected[8] & 0x3F | 0x80
        #expect(master.createdStream(by: command, ordinal: 1).bytes == expected)
        #expect(master.createdStream(by: command) != master.createdStream(by: command, ordinal: 1))
    }
}
