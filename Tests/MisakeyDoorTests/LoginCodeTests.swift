import AccountDomain
import Accounts
import EventCoding
import Logging
import MisakeyDoor
import PostgresClient
import PostgresLedger
import PostgresReadModels
import Synchronization
import TestSupport
import Testing

/// Codes to log in with, on a log of their own: the mail's composer is what tells them.
@Suite("Mailed codes") struct LoginCodeTests {
    private static func address(_ name: String) -> Identifier { Identifier(stored: "\(name)@example.org") }

    private static let context = CommandContext(
        caller: .anonymous, door: .misakey, request: RequestID(high: 1, low: 2))

    @Test func `the mail tells the code that logs in, once, and nothing of it is stored`() async throws {
        try await Setting.run { setting in
            let id = try await setting.service.admitIdentity(Self.address("a"), Self.context)
            let mail = try #require(try await setting.mail(id))
            let code = try #require(mail.code)
            #expect(mail.recipient.text == "a@example.org" && !mail.subject.contains(code))
            #expect(
                mail.text.split(separator: "\n").allSatisfy { $0.utf8.count <= 76 }, "it arrives as it was written")
            let again = try await setting.mail(id)
            #expect(again == mail, "it is derived again")
            #expect(try await setting.service.tryCode(code, of: id, Self.context))
            await #expect(throws: Failure.identity(.noCode)) {
                try await setting.service.tryCode(code, of: id, Self.context)
            }
        }
    }

    @Test func `of very many parallel guesses five are evaluated`() async throws {
        try await Setting.run { setting in
            let id = try await setting.service.admitIdentity(Self.address("a"), Self.context)
            let code = try #require(try await setting.mail(id)?.code)
            let wrong = code == "000000" ? "000001" : "000000"
            let evaluated = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<1_000 {
                    group.addTask { (try? await setting.service.tryCode(wrong, of: id, Self.context)) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(evaluated == 5)
            await #expect(throws: Failure.identity(.noCode), "the right code comes too late") {
                try await setting.service.tryCode(code, of: id, Self.context)
            }
            let events = try await setting.log.events(of: id, versions: 1...100)
            let failed = events.filter { if case .identity(.codeFailed) = $0.event { true } else { false } }
            #expect(failed.count == 5)
        }
    }

    @Test func `a code that was mailed lately stands`() async throws {
        try await Setting.run { setting in
            let id = try await setting.service.admitIdentity(Self.address("a"), Self.context)
            let first = try await setting.mail(id)
            let nothing = try await setting.service.mailCode(to: id, Self.context)
            #expect(nothing.events.isEmpty && first != nil)
            for _ in 1...LoginCode.maximumTries {
                _ = try await setting.service.tryCode("no code", of: id, Self.context)
            }
            let second = try await setting.service.mailCode(to: id, Self.context)
            #expect(second.events.count == 1)
            #expect(try await setting.mail(id)?.code != nil)
        }
    }

    @Test func `an address has one identity, whoever asks first`() async throws {
        try await Setting.run { (setting: Setting) async throws -> Void in
            let made = await withTaskGroup(of: IdentityID?.self) { group in
                for _ in 0..<16 {
                    group.addTask { try? await setting.service.admitIdentity(Self.address("a"), Self.context) }
                }
                return await group.reduce(into: [IdentityID]()) { if let id = $1 { $0.append(id) } }
            }
            #expect(made.count == 1)
            let (known, unknown) = (
                try await setting.service.identity(known: Self.address("a")),
                try await setting.service.identity(known: Self.address("b"))
            )
            #expect(known == made.first && unknown == nil)
        }
    }

    @Test func `a mail whose code has expired is not sent, nor one for another event`() async throws {
        try await Setting.run { setting in
            let id = try await setting.service.admitIdentity(Self.address("a"), Self.context)
            let events = try await setting.log.events(of: id, versions: 1...10)
            let key = try #require(try await setting.key(of: id))
            let issued = try #require(events.last)
            let late = issued.recordedAt.adding(seconds: LoginCode.lifetimeSeconds + 1)
            #expect(LoginCodeMail().mail(for: MailCause(recorded: issued, key: key), now: late) == nil)
            let created = try #require(events.first)
            #expect(LoginCodeMail().mail(for: MailCause(recorded: created, key: key), now: issued.recordedAt) == nil)
            #expect(LoginCodeMail().eventTypes.isSubset(of: EventCoding.types))
        }
    }
}

extension Mail {
    /// The six digits in it.
    fileprivate var code: String? {
        text.split(whereSeparator: { !$0.isNumber }).first { $0.count == 6 }.map { String($0) }
    }
}

/// A log, and the use cases on it.
private struct Setting {
    let log: PostgresLog
    let service: AccountService

    static func run(_ body: (Setting) async throws -> Void) async throws {
        let database = try TestDatabase.make()
        defer { try? database.drop() }
        let configuration = database.configuration(role: TestDatabase.gatewayRole)
        let log = PostgresLog(
            configuration: PostgresLog.Configuration(), keys: database.keys,
            keyring: LoadedKeyring(database.keys.keyring), writer: PostgresPipeline(configuration, name: "writer"),
            reader: PostgresPipeline(configuration, name: "reader"),
            logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
        let service = AccountService(
            log: log, reads: PostgresReadModels(log: log), passwords: NoPasswords(), keyPairs: NoPasswords(),
            settings: AccountSettings(applicationID: "test"),
            derivedStream: { database.keys.master.createdStream(by: $0) })
        let following = Task { await log.run() }
        do {
            try await body(Setting(log: log, service: service))
        } catch {
            following.cancel()
            await log.close()
            throw error
        }
        following.cancel()
        await log.close()
    }

    /// The data key of a stream, as decisions have it.
    func key(of stream: StreamID) async throws -> StreamKey? {
        let found = Found()
        var generator = SystemRandomNumberGenerator()
        _ = try await log.append(
            LogCommand(
                id: CommandID.random(using: &generator), home: stream, streams: [stream],
                meta: EventMeta(actor: Actor(.anonymous), door: .misakey, request: RequestID(high: 1, low: 2)),
                deadline: .now + .seconds(60), authorize: { _ in }
            ) { input in
                found.key.withLock { $0 = input.key(of: stream) }
                return Decision()
            })
        return found.key.withLock { $0 }
    }

    /// The mail of an identity's newest code.
    func mail(_ id: IdentityID) async throws -> Mail? {
        let events = try await log.events(of: id, versions: 1...1_000)
        guard let event = events.last(where: { if case .identity(.codeIssued) = $0.event { true } else { false } }),
            let key = try await key(of: id)
        else { return nil }
        return LoginCodeMail().mail(for: MailCause(recorded: event, key: key), now: event.recordedAt)
    }
}

/// What a decision found.
private final class Found: Sendable {
    let key = Mutex<StreamKey?>(nil)
}

/// Passwords and pairs of keys play no part here.
private struct NoPasswords: PasswordHasher, KeyPairMaker {
    func verifier(for password: [UInt8]) async throws(Failure) -> PasswordVerifier { throw .fault("not here") }
    func matches(_ password: [UInt8], _ verifier: PasswordVerifier?) async throws(Failure) -> Bool { false }
    func rsaPair(encryptedUnder passphrase: [UInt8]) async throws(Failure) -> RSAPair { throw .fault("not here") }
}
