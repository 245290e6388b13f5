/// All routes of a server as a trie over path segments.
///
/// Segments are compared as the bytes the client sent, so a resource has one spelling: neither `//`, nor a trailing
/// slash, nor an encoded literal matches.
struct RouteTable: Sendable {
    /// What resolving a path gave.
    enum Resolution {
        case found(Route, values: [Substring])
        /// The path is known, the method is not; with the number of a door that knows the path.
        case known(MethodSet, door: Int)
        case unknown
    }

    private struct Node: Sendable {
        var literals: [(segment: [UInt8], node: Int)] = []
        var parameter: Int?
        var rest: Int?
        var routes: [Route?] = []
        var methods: MethodSet = []
    }

    private var nodes: [Node] = [Node()]

    /// Every method that some path knows.
    var allMethods: MethodSet { nodes.reduce(into: []) { $0.formUnion($1.methods) } }

    /// Builds the table.
    ///
    /// - Throws: `RouteConflict` when two routes have the same method on the same shape of path.
    init(_ routes: [Route]) throws(RouteConflict) {
        for route in routes { try add(route) }
    }

    private mutating func add(_ route: Route) throws(RouteConflict) {
        var node = 0
        for segment in route.template.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            let isParameter = segment.first == UInt8(ascii: "{") && segment.last == UInt8(ascii: "}")
            let takesRest = isParameter && segment.dropLast().last == UInt8(ascii: "*")
            node = child(of: node, isParameter ? (takesRest ? .rest : .parameter) : .literal(Array(segment)))
        }
        if nodes[node].routes.isEmpty {
            nodes[node].routes = Array(repeating: nil, count: Method.allCases.count)
        }
        guard nodes[node].routes[Int(route.method.rawValue)] == nil else {
            throw RouteConflict(method: route.method, template: route.template)
        }
        nodes[node].routes[Int(route.method.rawValue)] = route
        nodes[node].methods.formUnion(MethodSet(route.method))
        if route.answersOptions { nodes[node].methods.formUnion(MethodSet(.options)) }
        if route.method == .get, route.answersHead, nodes[node].routes[Int(Method.head.rawValue)] == nil {
            nodes[node].routes[Int(Method.head.rawValue)] = route
            nodes[node].methods.formUnion(MethodSet(.head))
        }
    }

    private enum Edge {
        case literal([UInt8])
        case parameter
        case rest
    }

    private mutating func child(of node: Int, _ edge: Edge) -> Int {
        let next = nodes.count
        switch edge {
        case .literal(let segment):
            if let known = nodes[node].literals.first(where: { $0.segment == segment }) { return known.node }
            nodes[node].literals.append((segment, next))
        case .parameter:
            if let known = nodes[node].parameter { return known }
            nodes[node].parameter = next
        case .rest:
            if let known = nodes[node].rest { return known }
            nodes[node].rest = next
        }
        nodes.append(Node())
        return next
    }

    /// Finds the route for `method` on `path`, which starts with a slash; nil stands for a method that no route has.
    ///
    /// The most specific path that knows the method wins; when none does, the methods of all that match are told.
    func resolve(_ method: Method?, _ path: Substring) -> Resolution {
        guard path.utf8.first == UInt8(ascii: "/") else { return .unknown }
        var search = Search(method: method)
        if let route = descend(0, path.dropFirst(), &search) { return .found(route, values: search.values) }
        return search.methods.isEmpty ? .unknown : .known(search.methods, door: search.door ?? 0)
    }

    private struct Search {
        let method: Method?
        var values: [Substring] = []
        var methods: MethodSet = []
        /// The door of the most specific path that matches.
        var door: Int?
    }

    private func descend(_ index: Int, _ remaining: Substring, _ search: inout Search) -> Route? {
        let bytes = remaining.utf8
        let slash = bytes.firstIndex(of: UInt8(ascii: "/"))
        let segment = bytes[..<(slash ?? bytes.endIndex)]
        for (literal, node) in nodes[index].literals where literal.elementsEqual(segment) {
            if let route = follow(node, remaining, slash, &search) { return route }
        }
        guard !segment.isEmpty else { return nil }
        if let node = nodes[index].parameter {
            search.values.append(remaining[..<(slash ?? remaining.endIndex)])
            if let route = follow(node, remaining, slash, &search) { return route }
            search.values.removeLast()
        }
        if let node = nodes[index].rest {
            search.values.append(remaining)
            if let route = arrive(node, &search) { return route }
            search.values.removeLast()
        }
        return nil
    }

    private func follow(
        _ node: Int, _ remaining: Substring, _ slash: Substring.Index?, _ search: inout Search
    ) -> Route? {
        guard let slash else { return arrive(node, &search) }
        return descend(node, remaining[remaining.utf8.index(after: slash)...], &search)
    }

    private func arrive(_ node: Int, _ search: inout Search) -> Route? {
        guard !nodes[node].routes.isEmpty else { return nil }
        search.methods.formUnion(nodes[node].methods)
        if search.door == nil { search.door = nodes[node].routes.lazy.compactMap { $0?.door }.first }
        return search.method.flatMap { nodes[node].routes[Int($0.rawValue)] }
    }
}

/// Two routes that a request could not tell apart.
public struct RouteConflict: Error, Sendable, CustomStringConvertible {
    /// The method both have.
    public let method: Method
    /// The path template of the second.
    public let template: String

    /// One line for whoever starts the program.
    public var description: String { "two routes for \(method.name) \(template)" }
}
