import StrictJSON
import Synchronization
import TestSupport
import Testing

@Suite(.serialized) struct ShutdownTests {
    @Test func `a gateway that is told to end answers what it accepted`() throws {
        let deployment = try Deployment()
        let gateway = try deployment.serve()
        let (root, process) = (gateway.root, gateway.process)
        let count = Shared(Mutex<(acknowledged: Int, cut: Int)>((0, 0)))
        let clients = (0..<8).map { _ in
            BackgroundWork {
                while let connection = try? HTTPConnection(port: root.port) {
                    do {
                        try connection.send(
                            "POST", "/v1/accounts", root.fields([], hasBody: true), body: Array("{}".utf8))
                        let response = try connection.readResponse()
                        if response.status == 201 { count.value.withLock { $0.acknowledged += 1 } }
                    } catch {
                        count.value.withLock { $0.cut += 1 }
                    }
                }
            }
        }
        #expect(eventually { count.value.withLock { $0.acknowledged } > 50 })
        #expect(process.stop() == 0, "\(process.errors.suffix(1000))")
        for client in clients { try client.wait() }
        #expect(process.errors.contains("ended in order"))
        let (acknowledged, cut) = count.value.withLock { $0 }
        let next = try deployment.serve()
        let stored = try next.root.all("/v1/events", limit: 1000).count
        #expect(stored >= acknowledged && stored <= acknowledged + cut)
    }

    @Test func `up ends in order, and the next start finds everything`() throws {
        let home = TemporaryDirectory()
        let (person, tag, head): (String, String?, Int64)
        do {
            let service = try Service(home: home)
            let account = try service.root.account(["backup": ["data": "AAAA"], "emails": ["x@example.org"]])
            person = account.path
            tag = try service.root.call("GET", person).header("ETag")
            head = try service.root.head()
            #expect(service.process.stop() == 0, "\(service.process.errors.suffix(1000))")
            #expect(service.process.errors.contains("ended in order"))
        }
        let service = try Service(home: home)
        let read = try service.root.call("GET", person)
        #expect(read.status == 200 && read.header("ETag") == tag, "\(read.status) \(read.text)")
        #expect(read["emails"] == ["x@example.org"])
        #expect(try service.root.head() == head)
    }

    @Test func `a live stream does not hold up the end`() throws {
        let service = try Service()
        _ = try service.root.account()
        let stream = try EventStream(service.root, "/v1/events")
        _ = try stream.next()
        #expect(service.process.stop() == 0)
        #expect(throws: (any Error).self) { _ = try stream.next() }
    }
}
