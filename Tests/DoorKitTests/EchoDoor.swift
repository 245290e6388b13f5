import DoorKit
import NIOHTTP1
import StrictJSON

/// Routes that show what arrived.
struct EchoDoor: Door {
    struct Oops: Error {}

    func register(on routes: inout Routes) {
        routes.get("/hello") { _ in .json(Array(#"{"hello":"world"}"#.utf8)) }
        routes.get("/items/{id}") { request in .text(try request.parameter("id")) }
        routes.get("/items/special") { _ in .text("literal") }
        routes.post("/items/special") { _ in .empty() }
        routes.delete("/items/{id}") { _ in .empty() }
        routes.get("/tiles/{level}/{path*}") { request in
            .text(try request.parameter("level") + "|" + request.parameter("path"))
        }
        routes.get("/once", answersHead: false) { _ in .text("changed") }
        routes.get("/query") { request in
            try request.query.refuseUnknown("a", "b")
            return .text(request.query["a"] ?? "-")
        }
        routes.post("/echo") { request in .text(String(decoding: request.bodyBytes, as: UTF8.self)) }
        routes.post("/upload", body: .upload) { request in .text(String(request.bodyBytes.count)) }
        routes.post("/json") { request in
            var reader = ObjectReader(try request.jsonObject())
            let name = reader.requiredString("name", minCharacters: 1, maxCharacters: 5)
            _ = reader.optionalInteger("age", in: 0...150)
            reader.refuseUnknownMembers()
            try reader.finish()
            return .text(name)
        }
        routes.get("/oops") { _ in throw Oops() }
        routes.get("/split") { request in
            DoorResponse(status: 200, headers: [.init("X", request.query["v"] ?? "")])
        }
        routes.get("/client") { request in .text(request.clientAddress.description) }
        routes.get("/key") { request in .text(try request.idempotencyKey() ?? "-") }
        routes.get("/match") { request in
            switch try request.ifMatch() {
            case nil: .text("-")
            case .any: .text("*")
            case .versions(let versions): .text("\(versions)")
            }
        }
        routes.get("/trace") { request in .text(request.traceID ?? "-") }
        routes.get("/page") { _ in DoorResponse(status: 200, contentType: "text/html", body: .bytes([0x68])) }
        routes.get("/big") { _ in .json([UInt8](repeating: 0x20, count: 32 << 20)) }
    }
}

/// A door that says itself when what it cannot read is refused, and that leaves OPTIONS to nobody.
struct LateDoor: Door {
    var defersRefusals: Bool { true }
    var answersOptions: Bool { false }

    func register(on routes: inout Routes) {
        routes.post("/late/{first}/{second}", body: .bytes(10)) { request in
            guard request.headers.contains(name: "Known") else { return .text("who", status: 401) }
            if let problem = request.bodyProblem { throw problem }
            let first = try request.parameter("first")
            if let problem = request.queryProblem { throw problem }
            return .text("\(first) \((try? request.parameter("second")) ?? "-") \(request.query["a"] ?? "-")")
        }
    }
}

/// A door whose errors have a form of their own.
struct PlainDoor: Door {
    struct Known: Error {}

    var prefixes: [String] { ["/plain/"] }

    func register(on routes: inout Routes) {
        routes.get("/plain/known") { _ in throw Known() }
        routes.get("/plain/unknown") { _ in throw EchoDoor.Oops() }
    }

    func answer(to error: any Error, for request: DoorRequest) -> DoorResponse? {
        if error is Known { return .text("known", status: 418) }
        return (error as? Problem).map { .text("plain \($0.slug.rawValue)", status: $0.status) }
    }
}
