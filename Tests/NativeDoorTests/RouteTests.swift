import AccountDomain
import Accounts
import Crypto
import EventCoding
import Testing

@testable import DoorKit
@testable import NativeDoor

@Suite struct `Routes and their description` {
    private func door() throws -> NativeDoor {
        let log = FakeLog()
        let master = MasterKey.make()
        let nothing = Nothing()
        return NativeDoor(
            service: AccountService(
                log: log, reads: nothing, passwords: nothing, keyPairs: nothing,
                settings: AccountSettings(applicationID: "app"), derivedStream: { master.createdStream(by: $0) }),
            reads: nothing, history: nothing, log: log,
            authenticator: Authenticator(
                log: log, root: try RootKey("app.root:0123456789abcdefghijkl"),
                tokens: AccessTokens(key: master.derivedKey("access-token"))),
            master: master, settings: NativeDoorSettings(origin: "test"), readiness: { [] })
    }

    /// The operations of the description, found by their indentation.
    private func described() -> Set<String> {
        var operations: Set<String> = []
        var path: String?
        var isInPaths = false
        let text = String(decoding: PackageResources.openapi_yaml, as: UTF8.self)
        for line in text.split(separator: "\n") {
            if !line.hasPrefix(" ") {
                isInPaths = line == "paths:"
            } else if isInPaths, line.hasPrefix("  /"), line.hasSuffix(":") {
                path = String(line.dropFirst(2).dropLast())
            } else if let path, isInPaths, line.hasPrefix("    "), !line.hasPrefix("     ") {
                let name = line.dropFirst(4).prefix { $0 != ":" }
                if ["get", "put", "post", "patch", "delete"].contains(name) {
                    operations.insert("\(name.uppercased()) \(path)")
                }
            }
        }
        return operations
    }

    @Test func `every route is described, and everything described is there`() throws {
        var routes = Routes()
        try door().register(on: &routes)
        let registered = Set(routes.list.map { "\($0.method.name) \($0.template)" })
        let described = described()
        #expect(registered.subtracting(described).sorted() == [])
        #expect(described.subtracting(registered).sorted() == [])
        #expect(registered.count == routes.list.count)
    }

    @Test func `links to a next page are percent-encoded`() {
        #expect(PercentEncoding.encode("a b+c@d~é") == "a%20b%2Bc%40d~%C3%A9")
    }
}
