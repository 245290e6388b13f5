import AccountDomain
import AccountSecurity
import Accounts
import DoorKit
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import PostgresReadModels
import Synchronization
import TestSupport
import Testing

/// The use cases on a real log, where a test of the wire cannot bring about what is tested.
@Suite("Use cases of m-ld", .serialized) struct MeldServiceTests {
    /// A log in this process, and the use cases on it.
    private final class Ledger: Sendable {
        let log: PostgresLog
        let service: AccountService
        private let following: Task<Void, Never>
        /// Counts the pairs that are made.
        fileprivate let pairs: CountedPairs
        private let database: TestDatabase
        private let keyring: LoadedKeyring
        private let work = SlowWork(threads: 1)

        init(drawKeyID: (@Sendable () -> KeyID)? = nil) throws {
            let database = try TestDatabase.make()
            let keys = database.keys
            self.database = database
            keyring = LoadedKeyring(keys.keyring)
            let session = database.configuration()
            let log = PostgresLog(
                configuration: PostgresLog.Configuration(), keys: keys, keyring: LoadedKeyring(keys.keyring),
                writer: PostgresPipeline(session, name: "writer"), reader: PostgresPipeline(session, name: "reader"),
                logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
            self.log = log
            let master = keys.master
            pairs = CountedPairs(RSAKeyPairMaker(work: work, stock: RSAKeyStock(work: work, size: 1)))
            service = AccountService(
                log: log, reads: PostgresReadModels(log: log), passwords: Argon2PasswordHasher(work: work),
                keyPairs: pairs,
                settings: AccountSettings(applicationID: "Test"), derivedStream: { master.createdStream(by: $0) },
                drawKeyID: drawKeyID)
            following = Task { await log.run() }
        }

        func context(_ caller: Caller = .root) -> CommandContext {
            var generator = SystemRandomNumberGenerator()
            return CommandContext(
                caller: caller, door: .mld, request: AccountDomain.RequestID.random(using: &generator))
        }

        /// The code that an activation's mail has.
        func code(of activation: ActivationID) async throws -> String {
            let connection = try PostgresConnection(database.configuration())
            defer { connection.close() }
            let rows = try connection.query(
                PostgresStatement(
                    "SELECT k.epoch, k.wrapped FROM ledger.subject_keys k WHERE k.stream_id = '\(activation)'"))
            let epoch = try rows.int32(0, 0)
            let key = try keyring.holding(epoch).unwrap(
                try rows.bytes(0, 1), epoch: epoch, log: 0, stream: activation)
            let events = try await log.events(of: activation, versions: 1...1)
            return ActivationCode.derive(key, try #require(events.first).command)
        }

        func close() async {
            following.cancel()
            await following.value
            await log.close()
            await work.shutdown()
        }
    }

    @Test func `a key id that is in use is drawn again, with the secret and the pair that were made`() async throws {
        let ids = Shared(Mutex([KeyID(bits: 1), KeyID(bits: 1), KeyID(bits: 1), KeyID(bits: 2)]))
        let ledger = try Ledger(drawKeyID: { ids.value.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } })
        let first = try await ledger.service.issueKey(toAccountNamed: AccountName("a"), ledger.context())
        let second = try await ledger.service.issueKey(toAccountNamed: AccountName("b"), ledger.context())
        #expect(first.id == KeyID(bits: 1) && second.id == KeyID(bits: 2))
        #expect(second.keyString?.hasPrefix("Test.\(KeyID(bits: 2)):") == true && second.privateKeySealed != nil)
        await ledger.close()
    }

    @Test func `an account's own key id that is in use is drawn again too`() async throws {
        let ids = Shared(Mutex([KeyID(bits: 7), KeyID(bits: 7), KeyID(bits: 8)]))
        let ledger = try Ledger(drawKeyID: { ids.value.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } })
        let name = try AccountName("a")
        _ = try await ledger.service.issueKey(toAccountNamed: name, ledger.context())
        #expect(try await ledger.service.issueKey(toAccountNamed: name, ledger.context()).id == KeyID(bits: 8))
        await ledger.close()
    }

    @Test func `root's name is nobody's, in whatever case it is configured`() async throws {
        let ledger = try Ledger()
        await #expect(throws: Failure.forbidden) {
            try await ledger.service.issueKey(toAccountNamed: AccountName("test"), ledger.context())
        }
        await #expect(throws: Failure.valueTaken(.accountName)) {
            try await ledger.service.create(
                NewAccount(system: .native, name: AccountName("test")), ledger.context())
        }
        await ledger.close()
    }

    @Test func `of many right codes at one moment the first alone has a pair made`() async throws {
        let ledger = try Ledger()
        let (name, email) = (try AccountName("a"), try EmailAddress("a@example.org"))
        let id = try await ledger.service.requestActivation(
            of: name, email: email, until: AccessTokens.systemClock().adding(seconds: 600), ledger.context(.anonymous))
        let code = try await ledger.code(of: id)
        let keys = await withTaskGroup(of: NewKey?.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try? await ledger.service.redeem(
                        Redemption(activation: id, name: name, email: email, code: code), ledger.context(.anonymous))
                }
            }
            return await group.reduce(into: [NewKey]()) { keys, key in if let key { keys.append(key) } }
        }
        #expect(keys.count == 1 && ledger.pairs.count == 1)
        await ledger.close()
    }

    @Test func `an activation ends with its key when its grace is over, and not before`() async throws {
        let ledger = try Ledger()
        let past = AccessTokens.systemClock().adding(seconds: -10)
        let id = try await ledger.service.requestActivation(
            of: AccountName("a"), email: EmailAddress("a@example.org"), until: past, ledger.context(.anonymous))
        #expect(try await ledger.service.endActivation(id, graceSeconds: 3_600, ledger.context()) == false)
        await #expect(throws: Failure.unauthorized) {
            try await ledger.service.redeem(
                Redemption(
                    activation: id, name: AccountName("a"), email: EmailAddress("a@example.org"), code: "123456"),
                ledger.context(.anonymous))
        }
        #expect(try await ledger.log.state(of: id).version == 1, "an expired activation counts no attempts")
        #expect(try await ledger.service.endActivation(id, graceSeconds: 5, ledger.context()))
        #expect(try await ledger.service.endActivation(id, graceSeconds: 5, ledger.context()) == false)
        ledger.log.forget(id)
        let state = try await ledger.log.state(of: id)
        #expect(state.version == 2 && state.aggregate.isErased)
        await ledger.close()
    }
}

/// Makes pairs, and counts them.
private final class CountedPairs: KeyPairMaker {
    private let maker: any KeyPairMaker
    private let made = Mutex(0)

    init(_ maker: any KeyPairMaker) { self.maker = maker }

    var count: Int { made.withLock { $0 } }

    func rsaPair(encryptedUnder passphrase: [UInt8]) async throws(Failure) -> RSAPair {
        made.withLock { $0 += 1 }
        return try await maker.rsaPair(encryptedUnder: passphrase)
    }
}

/// Something that closures share.
private final class Shared<Value: ~Copyable & Sendable>: Sendable {
    let value: Value

    init(_ value: consuming Value) { self.value = value }
}
