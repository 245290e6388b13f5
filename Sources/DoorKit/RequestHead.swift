import NIOHTTP1

/// The head of a request, checked and routed.
struct RequestHead {
    let method: Method
    let path: Substring
    let query: Query
    let queryProblem: Problem?
    let bodyProblem: Problem?
    let headers: HTTPHeaders
    let requestID: RequestID
    let values: [PathValue]
    let outcome: Incoming.Outcome
    let isHTTP11: Bool
    let isKeepAlive: Bool
    let declaredLength: Int?
    let expectsBody: Bool
    let awaitsContinue: Bool

    init(_ head: HTTPRequestHead, ids: inout RequestIDSource, core: ServerCore) {
        headers = head.headers
        isHTTP11 = head.version == .http1_1
        var fields = HeadFields(head.headers)
        // The parser stops behind a request that could switch protocols, so the connection ends with its answer.
        isKeepAlive = head.isKeepAlive && !fields.asksForUpgrade && head.method != .CONNECT
        fields.countHosts(isRequired: isHTTP11)
        requestID = fields.requestID ?? ids.next()
        declaredLength = fields.length
        expectsBody = fields.isChunked || (fields.length ?? 0) > 0
        awaitsContinue = fields.awaitsContinue && isHTTP11
        let method = Method(head.method)
        self.method = method ?? .get

        var values: [PathValue] = []
        var query = Query.empty
        var (queryProblem, bodyProblem): (Problem?, Problem?)
        var path: Substring = ""
        var door: Int?
        do throws(Problem) {
            let target = try Self.split(head.uri)
            let problem = Self.problem(of: head.uri[...], limit: core.configuration.maximumTargetBytes)
            // First, so that whatever is refused is refused in the dialect of the path's door.
            path = target.path
            if let problem = fields.problem { throw problem.about(.headers) }
            guard head.version == .http1_1 || head.version == .http1_0 else {
                throw Problem(.malformedRequest, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
            }
            if method == .options, path == "*" {
                outcome = .answer(.empty(headers: [.init("Allow", core.table.allMethods.allow)]))
            } else {
                switch core.table.resolve(method, path) {
                case .found(let route, let raw):
                    door = route.door
                    if let text = target.query {
                        do throws(Problem) {
                            if let problem = Self.problem(of: text, limit: core.configuration.maximumTargetBytes) {
                                throw problem
                            }
                            query = try Query(parsing: text)
                        } catch { queryProblem = error.about(.query) }
                    }
                    values = Self.decode(raw, of: route)
                    bodyProblem = fields.bodyProblem
                    if !route.defersRefusals {
                        if let problem = problem ?? bodyProblem ?? queryProblem { throw problem }
                        for value in values { _ = try value.value.get() }
                    }
                    outcome = .route(route)
                case _ where problem != nil: throw problem ?? Problem.notFound
                case .known(let methods, _) where method == .options && methods.contains(MethodSet(.options)):
                    outcome = .answer(.empty(headers: [.init("Allow", methods.allow)]))
                case .known(let methods, let known):
                    door = known
                    throw Problem(
                        .methodNotAllowed, "The path does not know this method.",
                        headers: [.init("Allow", methods.allow)])
                case .unknown: throw Problem.notFound
                }
            }
        } catch {
            // Whatever is wrong with it, its beginning says whose dialect the answer has.
            if path.isEmpty, head.uri.utf8.first == UInt8(ascii: "/") { path = head.uri.prefix { $0 != "?" } }
            outcome = .problem(error, door: door)
        }
        self.values = values
        self.query = query
        self.queryProblem = queryProblem
        self.bodyProblem = bodyProblem
        self.path = path
    }

    /// Splits a request target into path and query; of the absolute form (RFC 9112, 3.2.2) the authority is dropped.
    private static func split(_ target: String) throws(Problem) -> (path: Substring, query: Substring?) {
        var rest = target[...]
        if target.utf8.first != UInt8(ascii: "/"), target != "*" {
            guard let scheme = ["http://", "https://"].first(where: { target.lowercased().hasPrefix($0) }) else {
                throw Problem(.malformedRequest, "The request target has a form that is not known here.")
            }
            rest = rest.dropFirst(scheme.count)
            rest = rest[(rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex)...]
            if rest.isEmpty { rest = "/" }
        }
        guard let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (rest, nil) }
        return (rest[..<mark], rest[rest.utf8.index(after: mark)...])
    }

    /// What is wrong with a target, or a part of one, as a text; it may still be told apart into path and query, and
    /// the path lead to a route, with a value that is none.
    private static func problem(of text: Substring, limit: Int) -> Problem? {
        guard text.utf8.count <= limit else { return Problem(.targetTooLong, "The request target is too long.") }
        guard !text.utf8.contains(where: { $0 == UInt8(ascii: "#") || $0 > 0x7e || $0 <= 0x20 }) else {
            return Problem(.malformedRequest, "The request target holds characters that must be percent-encoded.")
                .about(.path)
        }
        return nil
    }

    private static func decode(_ raw: [Substring], of route: Route) -> [PathValue] {
        var values: [PathValue] = []
        values.reserveCapacity(raw.count)
        for (index, text) in raw.enumerated() {
            let isRest = route.takesRest && index == raw.count - 1
            let value = Result { () throws(Problem) in
                guard isRest else { return try decode(text) }
                var decoded: [String] = []
                for segment in text.split(separator: "/", omittingEmptySubsequences: false) {
                    decoded.append(try decode(segment))
                }
                return decoded.joined(separator: "/")
            }
            values.append((route.parameterNames[index], value))
        }
        return values
    }

    private static func decode(_ segment: Substring) throws(Problem) -> String {
        guard let value = PercentDecoding.decode(segment) else {
            throw Problem(.malformedRequest, "The path is not percent-encoded UTF-8.").about(.path)
        }
        // A slash or dots that arrive encoded are another spelling of another path, for a proxy at least.
        guard !value.isEmpty, !value.utf8.contains(UInt8(ascii: "/")), value != ".", value != ".." else {
            throw Problem.notFound.about(.path)
        }
        return value
    }
}

extension Method {
    init?(_ method: HTTPMethod) {
        switch method {
        case .GET: self = .get
        case .HEAD: self = .head
        case .POST: self = .post
        case .PUT: self = .put
        case .PATCH: self = .patch
        case .DELETE: self = .delete
        case .OPTIONS: self = .options
        default: return nil
        }
    }
}
