/// What a handler is: one request in, one response out.
public typealias Handler = @Sendable (DoorRequest) async throws -> DoorResponse

/// How much body a route takes.
///
/// The limit is enforced before the handler runs: by `Content-Length` at once, else while the bytes arrive.
public enum BodyLimit: Sendable, Equatable {
    /// The server's ordinary limit (`HTTPServerConfiguration.maximumBodyBytes`).
    case ordinary
    /// The limit of backup and archive routes (`HTTPServerConfiguration.maximumUploadBytes`).
    case upload
    /// A limit of the route's own, in bytes.
    case bytes(Int)
}

/// The list of routes a door registers.
public struct Routes: Sendable {
    var list: [Route] = []
    private var door = 0
    private var defersRefusals = false
    private var answersOptions = true

    /// Makes an empty list.
    public init() {}

    /// Registers `handler` for `method` on `template`.
    ///
    /// A template is a path whose segments are literals or `{name}`; a last segment `{name*}` takes the rest of the path.
    /// Literals win over parameters. HEAD is answered through GET unless `answersHead` is false, which is for
    /// GETs that change state.
    public mutating func on(
        _ method: Method, _ template: String, body: BodyLimit = .ordinary, answersHead: Bool = true,
        _ handler: @escaping Handler
    ) {
        list.append(
            Route(
                method: method, template: template, bodyLimit: body, answersHead: answersHead, door: door,
                defersRefusals: defersRefusals, answersOptions: answersOptions, handler: handler))
    }

    /// Registers a GET route.
    public mutating func get(_ template: String, answersHead: Bool = true, _ handler: @escaping Handler) {
        on(.get, template, answersHead: answersHead, handler)
    }

    /// Registers a POST route.
    public mutating func post(_ template: String, body: BodyLimit = .ordinary, _ handler: @escaping Handler) {
        on(.post, template, body: body, handler)
    }

    /// Registers a PUT route.
    public mutating func put(_ template: String, body: BodyLimit = .ordinary, _ handler: @escaping Handler) {
        on(.put, template, body: body, handler)
    }

    /// Registers a PATCH route.
    public mutating func patch(_ template: String, body: BodyLimit = .ordinary, _ handler: @escaping Handler) {
        on(.patch, template, body: body, handler)
    }

    /// Registers a DELETE route.
    public mutating func delete(_ template: String, body: BodyLimit = .ordinary, _ handler: @escaping Handler) {
        on(.delete, template, body: body, handler)
    }

    mutating func register(_ door: any Door, number: Int) {
        self.door = number
        defersRefusals = door.defersRefusals
        answersOptions = door.answersOptions
        door.register(on: &self)
    }
}

/// One route: a method on a path template, and who answers.
final class Route: Sendable {
    let method: Method
    let template: String
    let bodyLimit: BodyLimit
    let answersHead: Bool
    /// Which door of the server registered it; its error format applies.
    let door: Int
    /// Whether its handler says when what cannot be read is refused.
    let defersRefusals: Bool
    /// Whether OPTIONS is answered on its path.
    let answersOptions: Bool
    let handler: Handler
    /// The names of the template's parameters, in order.
    let parameterNames: [String]
    /// Whether the last parameter takes the rest of the path.
    let takesRest: Bool

    init(
        method: Method, template: String, bodyLimit: BodyLimit, answersHead: Bool, door: Int,
        defersRefusals: Bool, answersOptions: Bool, handler: @escaping Handler
    ) {
        self.method = method
        self.template = template
        self.bodyLimit = bodyLimit
        self.answersHead = answersHead
        self.door = door
        self.defersRefusals = defersRefusals
        self.answersOptions = answersOptions
        self.handler = handler
        let names = template.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }
            .map { String($0.dropFirst().dropLast()) }
        takesRest = names.last?.hasSuffix("*") ?? false
        parameterNames = names.map { $0.hasSuffix("*") ? String($0.dropLast()) : $0 }
    }
}
