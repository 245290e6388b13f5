import AccountDomain
import Testing

/// What decides commands and folds events: an account, an identity, a Space.
protocol Deciding: Equatable {
    associatedtype Command: Sendable
    associatedtype Event: Equatable, Sendable
    associatedtype Refusal: Error & Equatable

    static var missing: Self { get }
    func decide(_ command: Command) throws(Refusal) -> [Event]
    mutating func apply(_ event: Event)
}

extension Account: Deciding {
    typealias Command = AccountCommand
    typealias Event = AccountEvent
    typealias Refusal = AccountRefusal
}
extension Identity: Deciding {}
extension Space: Deciding {}

/// The state that past events make.
struct Past<State: Deciding> {
    private(set) var state: State

    init(_ events: State.Event...) { self.init(all: events) }

    init(all events: [State.Event], after state: State = .missing) {
        self.state = state
        for event in events { self.state.apply(event) }
    }

    /// Decides, and checks on the way that deciding changed nothing.
    func when(_ command: State.Command, sourceLocation: SourceLocation = #_sourceLocation) -> Outcome<State> {
        let before = state
        let result: Result<[State.Event], State.Refusal>
        do throws(State.Refusal) { result = .success(try state.decide(command)) } catch { result = .failure(error) }
        #expect(state == before, sourceLocation: sourceLocation)
        return Outcome(state: state, result: result)
    }

    /// Compares something of the state.
    func shows<Value: Equatable>(
        _ value: Value, at part: (State) -> Value, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(part(state) == value, sourceLocation: sourceLocation)
    }
}

/// What a command makes happen.
struct Outcome<State: Deciding> {
    let state: State
    let result: Result<[State.Event], State.Refusal>

    /// Compares the events; folding them then must not bring a surprise either.
    @discardableResult
    func then(_ events: State.Event..., sourceLocation: SourceLocation = #_sourceLocation) -> Past<State> {
        #expect(result == .success(events), sourceLocation: sourceLocation)
        return Past(all: events, after: state)
    }

    func thenNothing(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(result == .success([]), sourceLocation: sourceLocation)
    }

    func thenRefused(_ refusal: State.Refusal, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(result == .failure(refusal), sourceLocation: sourceLocation)
    }
}

/// An account with a past.
typealias Given = Past<Account>
/// An identity with a past.
typealias GivenIdentity = Past<Identity>
/// A Space with a past.
typealias GivenSpace = Past<Space>

extension Past<Account> {
    /// An account with a past that begins with its creation by a native client.
    static func living(_ events: AccountEvent...) -> Past { Past(all: [.living] + events) }
}
