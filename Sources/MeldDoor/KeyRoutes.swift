import AccountDomain
import Accounts
import DoorKit
import NIOHTTP1
import StrictJSON

extension MeldDoor {
    func registerKeys(on routes: inout Routes) {
        routes.post("/api/v1/user/{a}/key", createKey)
    }

    private func createKey(_ request: DoorRequest) async throws -> DoorResponse {
        let meld = try MeldRequest(request)
        let name = try meld.name()
        if let problem = request.queryProblem { throw MeldError(problem) }
        let type = request.query["type"]
        guard type == nil || type == "rsa" else { throw MeldError.badRequest("type must be rsa") }
        let key: NewKey
        // A field that comes twice is one value with a comma in it (RFC 9110, section 5.3), and no code has one.
        let code = request.headers["X-Activation-Code"].filter { !$0.isEmpty }.joined(separator: ", ")
        if !code.isEmpty {
            guard case .bearer(let token) = meld.authorization else { throw Failure.unauthorized }
            key = try await redeem(token, code, for: name, meld)
        } else {
            let caller = try await authenticate(meld)
            guard caller.mayActOn(name) else { throw MeldError.forbidden }
            key = try await service.issueKey(toAccountNamed: name, meld.context(caller.caller))
        }
        return .json(try Self.write(key, withPair: type != nil))
    }

    private static func write(_ key: NewKey, withPair: Bool) throws -> [UInt8] {
        guard let text = key.keyString else { throw Failure.fault("a new key has no text") }
        var json = JSONWriter(reservingCapacity: withPair ? 2_560 : 256)
        json.beginObject()
        json.key("auth")
        json.beginObject()
        json.key("key")
        json.string(text)
        json.endObject()
        if withPair {
            guard let publicKey = key.publicKey, let privateKey = key.privateKeySealed else {
                throw Failure.fault("a new key has no pair")
            }
            json.key("key")
            json.beginObject()
            json.key("type")
            json.string("rsa")
            json.key("public")
            json.base64(publicKey)
            json.key("private")
            json.base64(privateKey)
            json.endObject()
        }
        json.endObject()
        return json.bytes
    }
}
