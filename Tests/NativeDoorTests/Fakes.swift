import AccountDomain
import Accounts
import EventCoding
import Synchronization

/// A log that holds some states, and appends nothing.
final class FakeLog: EventLog {
    private struct Contents {
        var states: [StreamID: StreamState] = [:]
        /// States that another gateway made: seen once the stream was forgotten.
        var elsewhere: [StreamID: StreamState] = [:]
        var owners: [String: StreamID] = [:]
        var looks = 0
    }

    private let contents = Mutex(Contents())

    /// How often the owner of a value was looked up.
    var looks: Int { contents.withLock { $0.looks } }

    func put(_ aggregate: Aggregate, at stream: StreamID, version: Int32, elsewhere: Bool = false) {
        let state = StreamState(stream: stream, version: version, aggregate: aggregate, seen: Int64(version))
        contents.withLock { contents in
            if elsewhere { contents.elsewhere[stream] = state } else { contents.states[stream] = state }
        }
    }

    func own(_ value: String, _ stream: StreamID) { contents.withLock { $0.owners[value] = stream } }

    func append(_ command: LogCommand) async throws(Failure) -> Appended { throw .fault("not here") }

    func state(of stream: StreamID) async throws(Failure) -> StreamState {
        contents.withLock { $0.states[stream] }
            ?? StreamState(stream: stream, version: 0, aggregate: .empty, seen: 0)
    }

    func forget(_ stream: StreamID) {
        contents.withLock { contents in
            if let state = contents.elsewhere.removeValue(forKey: stream) { contents.states[stream] = state }
        }
    }

    func owner(of value: String, in namespace: Namespace) async throws(Failure) -> StreamID? {
        contents.withLock { contents in
            contents.looks += 1
            return contents.owners[value]
        }
    }

    func events(of stream: StreamID, versions: ClosedRange<Int32>) async throws(Failure) -> [RecordedEvent] { [] }
    func storeBlob(_ bytes: [UInt8], for stream: StreamID) async throws(Failure) -> BlobReference {
        throw .fault("not here")
    }
    func blob(_ reference: BlobReference, of stream: StreamID) async throws(Failure) -> [UInt8] {
        throw .fault("not here")
    }
}

/// Read models and history of nothing.
struct Nothing: ReadModels, EventHistory, PasswordHasher, KeyPairMaker {
    func account(_ id: AccountID, probing caller: [SeenStream]) async throws(ReadFailure) -> AccountRecord {
        throw .failed(.notFound)
    }
    func account(_ id: AccountID, version: Int) async throws(Failure) -> AccountView { throw .notFound }
    func account(_ id: AccountID, at moment: LogMoment) async throws(Failure) -> AccountView { throw .notFound }
    func accounts(_ filter: AccountFilter, _ page: PageRequest) async throws(Failure) -> Page<AccountRecord> {
        Page(items: [], next: nil, position: 0)
    }
    func backups(of id: AccountID, from version: Int, limit: Int, at moment: LogMoment?) async throws(Failure)
        -> [RecordedEvent]
    { [] }
    func identity(_ id: IdentityID) async throws(Failure) -> IdentityView { throw .notFound }
    func identities(_ page: PageRequest) async throws(Failure) -> Page<IdentityView> {
        Page(items: [], next: nil, position: 0)
    }
    func space(_ id: SpaceID) async throws(Failure) -> SpaceView { throw .notFound }
    func spaces(_ page: PageRequest) async throws(Failure) -> Page<SpaceView> {
        Page(items: [], next: nil, position: 0)
    }
    func haveMoved(_ streams: [SeenStream]) async throws(Failure) -> Bool { false }
    func projections() async throws(Failure) -> [ProjectionStatus] { [] }

    func head() async throws(Failure) -> (position: Int64, recordedAt: Moment?) { (0, nil) }
    func position(at moment: LogMoment) async throws(Failure) -> Int64 { 0 }
    func events(_ selection: EventSelection, after position: Int64, limit: Int, lookAt: Int) async throws(Failure)
        -> EventPage
    { EventPage(events: [], lookedUpTo: position, isAtHead: true) }
    func event(at position: Int64) async throws(Failure) -> HistoricEvent { throw .notFound }
    func events(of stream: StreamID, after version: Int32, upTo position: Int64, limit: Int) async throws(Failure)
        -> [HistoricEvent]
    { [] }
    func waitForEvents(after position: Int64, timeout: Duration) async {}

    func verifier(for password: [UInt8]) async throws(Failure) -> PasswordVerifier { .argon2id(phc: "") }
    func matches(_ password: [UInt8], _ verifier: PasswordVerifier?) async throws(Failure) -> Bool { false }
    func rsaPair(encryptedUnder passphrase: [UInt8]) async throws(Failure) -> RSAPair { throw .fault("not here") }
}
