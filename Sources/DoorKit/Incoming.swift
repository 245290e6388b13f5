import NIOCore

/// A request on its way from the connection to whoever answers it.
struct Incoming: Sendable {
    /// What the connection found out from the head alone.
    enum Outcome: Sendable {
        case route(Route)
        /// A refusal; with the number of the door that knows the path, if one does.
        case problem(Problem, door: Int? = nil)
        case answer(DoorResponse)
    }

    let request: DoorRequest
    let outcome: Outcome
    /// Whether the client understands chunked bodies.
    let isHTTP11: Bool
    /// Whether the connection ends with the answer.
    let closes: Bool
    /// The bytes of the body that count against the server's memory for bodies.
    let heldBytes: Int
}

/// A piece of an answer on its way to the connection.
enum ResponsePart: Sendable {
    /// A whole answer.
    case whole(ByteBuffer, body: ByteBuffer?, close: Bool)
    /// A head or a piece of a body, with more to come.
    case piece(ByteBuffer)
    /// The end of a streamed answer.
    case end(ByteBuffer?, close: Bool)
    /// The answer cannot be completed: the connection is cut, so that the client notices.
    case abort
}
