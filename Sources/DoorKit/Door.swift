/// A dialect of the service: routes, and the form its errors have.
public protocol Door: Sendable {
    /// The path prefixes under which unknown paths are answered in this door's form, such as `/api/`.
    var prefixes: [String] { get }

    /// Whether handlers are run although the path's values, the query or the body cannot be read, and say themselves
    /// when that is refused: reading them throws, as `DoorRequest` has it.
    ///
    /// For dialects that fix the order in which errors come.
    var defersRefusals: Bool { get }

    /// Whether OPTIONS tells the methods of a path; where not, it is refused as any other that the path does not know.
    var answersOptions: Bool { get }

    /// Registers the door's routes.
    func register(on routes: inout Routes)

    /// The answer to what a handler, or the server on its behalf, threw.
    ///
    /// A `Problem` must be answered; nil for an error that the door does not know, which is then logged and comes back
    /// as the `internal` problem.
    func answer(to error: any Error, for request: DoorRequest) -> DoorResponse?
}

extension Door {
    /// No prefix of its own.
    public var prefixes: [String] { [] }

    /// What cannot be read is refused before a handler runs.
    public var defersRefusals: Bool { false }

    /// OPTIONS is answered.
    public var answersOptions: Bool { true }

    /// Problems as RFC 9457 documents; nothing else is known.
    public func answer(to error: any Error, for request: DoorRequest) -> DoorResponse? {
        (error as? Problem)?.response()
    }
}
