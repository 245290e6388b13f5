/// A dialect of the service: routes, and the form its errors have.
public protocol Door: Sendable {
    /// The path prefixes under which unknown paths are answered in this door's form, such as `/api/`.
    var prefixes: [String] { get }

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

    /// Problems as RFC 9457 documents; nothing else is known.
    public func answer(to error: any Error, for request: DoorRequest) -> DoorResponse? {
        (error as? Problem)?.response()
    }
}
