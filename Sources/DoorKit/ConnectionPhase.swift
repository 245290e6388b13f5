import NIOCore

/// What a connection is doing.
enum ConnectionPhase {
    /// Between requests.
    case idle(since: NIODeadline)
    /// Some bytes of a head are here.
    case head(since: NIODeadline)
    /// The parser gave up at a method that it does not know; the rest of the line tells whose dialect the answer has.
    case strangeMethod(since: NIODeadline)
    /// A head is here; its body is being read, or thrown away.
    case body(since: NIODeadline)
    /// The request is being answered.
    case answering
    /// Nothing is read any more; requests that were handed on are still answered.
    case deaf
    /// The last bytes are on their way out.
    case leaving(since: NIODeadline)
    /// All is said, the client has a moment to read it.
    case lingering(since: NIODeadline)

    /// Whether what arrives is still read.
    var isListening: Bool {
        switch self {
        case .idle, .head, .strangeMethod, .body, .answering: true
        case .deaf, .leaving, .lingering: false
        }
    }
}
