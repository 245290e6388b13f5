import AccountDomain
import Accounts
import DoorKit
import NIOHTTP1
import StrictJSON

extension MeldDoor {
    func registerAccounts(on routes: inout Routes) {
        routes.patch("/api/v1/user/{a}", patchAccount)
        routes.get("/api/v1/user/{a}", readAccount)
        routes.get("/api/v1/user/{a}/publicKey/{keyid}", readPublicKey)
        routes.get("/api/v1/publicKey") { request in
            _ = try MeldRequest(request)
            return Self.pem(try await self.rootPair.publicKey())
        }
        routes.get("/api/v1/context", readContext)
    }

    private func patchAccount(_ request: DoorRequest) async throws -> DoorResponse {
        let meld = try MeldRequest(request)
        let name = try meld.name()
        let caller = try await authenticate(meld)
        guard caller.mayActOn(name) else { throw MeldError.forbidden }
        guard let account = try await target(name, of: caller) else { throw MeldError.forbidden }
        let patch = try NamedPatch(try meld.object(), of: name)
        _ = try await service.patch(patch, account, named: name, meld.context(caller.caller))
        return .empty()
    }

    /// The account that a command changes; nil when nobody has the name, or nobody any more.
    private func target(_ name: AccountName, of caller: MeldCaller) async throws(Failure) -> AccountID? {
        // The caller's own account is known already; only root's command needs to look for it.
        if let own = caller.caller.account { return own }
        func isLiving(_ state: Aggregate) -> Bool {
            guard case .account(let state) = state else { return false }
            return state.lifecycle.isLiving
        }
        guard let id = try await service.account(named: name) else { return nil }
        if isLiving(try await log.state(of: id).aggregate) { return id }
        // Perhaps another gateway has just made it.
        return isLiving(try await service.currentState(of: id)) ? id : nil
    }

    private func readAccount(_ request: DoorRequest) async throws -> DoorResponse {
        let meld = try MeldRequest(request)
        let name = try meld.name()
        return try await reading(meld) { caller in
            guard caller.mayActOn(name) else { throw MeldError.forbidden }
            if name.text == self.settings.rootName {
                return Self.account(name.text, emails: [], keys: [self.settings.rootKeyID], naming: [], remotesAuth: [])
            }
            guard let view = try await self.view(of: name, caller) else { throw MeldError.notFound }
            return Self.account(
                name.text, emails: view.emails.sorted(by: Self.precedes),
                keys: view.keys.filter { $0.revokedAt == nil }.map(\.id.description).sorted(),
                naming: view.naming.map(\.rawValue).sorted(), remotesAuth: view.remotesAuth.map(\.rawValue).sorted())
        }
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func account(
        _ name: String, emails: [String], keys: [String], naming: [String], remotesAuth: [String]
    ) -> DoorResponse {
        var json = JSONWriter(reservingCapacity: 512)
        json.beginObject()
        json.member("@id", name)
        json.member("@type", "Account")
        json.key("email")
        json.strings(emails)
        json.key("key")
        json.beginArray()
        for key in keys {
            json.beginObject()
            json.member("@id", ".\(key)")
            json.endObject()
        }
        json.endArray()
        json.key("naming")
        json.strings(naming)
        json.key("remotesAuth")
        json.strings(remotesAuth)
        json.endObject()
        return .json(json.bytes)
    }

    private func readPublicKey(_ request: DoorRequest) async throws -> DoorResponse {
        let meld = try MeldRequest(request)
        let name = try meld.name()
        return try await reading(meld) { caller in
            guard caller.mayActOn(name) else { throw MeldError.forbidden }
            let wanted = try? request.parameter("keyid")
            if name.text == self.settings.rootName {
                guard wanted == self.settings.rootKeyID else { throw Failure.unauthorized }
                return Self.pem(try await self.rootPair.publicKey())
            }
            guard let view = try await self.view(of: name, caller) else { throw MeldError.forbidden }
            guard let wanted, let id = KeyID(wanted), id.description == wanted,
                let key = view.keys.first(where: { $0.id == id && $0.revokedAt == nil })?.publicKey
            else { throw Failure.unauthorized }
            return Self.pem(key)
        }
    }

    /// The account that holds a name, read for a caller who may act on it; nil when there is none.
    private func view(of name: AccountName, _ caller: MeldCaller) async throws -> AccountView? {
        let own = caller.caller.account
        guard let id = try await (own == nil ? service.account(named: name) : own) else { return nil }
        do {
            let record = try await reads.account(id, probing: caller.caller.seen)
            guard let view = AccountView(id, record.view) else {
                throw Failure.fault("a stored account view cannot be read")
            }
            return view.name == name.text ? view : nil
        } catch ReadFailure.failed(let failure) where failure == .erased || failure == .notFound {
            return nil
        }
    }

    /// A public key in PEM (RFC 7468): lines of 64 characters.
    private static func pem(_ der: [UInt8]) -> DoorResponse {
        let text = Array(Base64.encode(der).utf8)
        var lines = "-----BEGIN PUBLIC KEY-----\n"
        for start in stride(from: 0, to: text.count, by: 64) {
            lines += String(decoding: text[start..<min(start + 64, text.count)], as: UTF8.self) + "\n"
        }
        lines += "-----END PUBLIC KEY-----\n"
        return DoorResponse(
            status: 200, contentType: "application/x-pem-file", body: .bytes(Array(lines.utf8)))
    }

    private func readContext(_ request: DoorRequest) async throws -> DoorResponse {
        _ = try MeldRequest(request)
        var json = JSONWriter()
        json.beginObject()
        json.member("@base", settings.identity(of: ""))
        json.member("@vocab", "http://gw.m-ld.org/#")
        for property in ["naming", "remotesAuth"] {
            json.key(property)
            json.beginObject()
            json.member("@type", "@vocab")
            json.endObject()
        }
        json.endObject()
        guard Self.wantsHTML(request) else {
            return DoorResponse(
                status: 200, contentType: "application/ld+json", headers: [.init("Vary", "Accept")],
                body: .bytes(json.bytes))
        }
        let text = "<pre>\(HTML.escape(String(decoding: json.bytes, as: UTF8.self)))</pre>\n"
        return DoorResponse(
            status: 200, contentType: "text/html; charset=utf-8", headers: [.init("Vary", "Accept")] + HTML.headers,
            body: .bytes(Array(text.utf8)))
    }

    /// Whether `Accept` names `text/html` itself; whoever takes anything gets JSON.
    private static func wantsHTML(_ request: DoorRequest) -> Bool {
        request.headers["Accept"].flatMap { $0.split(separator: ",") }.contains { range in
            let parts = range.lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard parts.first == "text/html" else { return false }
            return !parts.dropFirst().contains { $0.hasPrefix("q=") && (Double($0.dropFirst(2)) ?? 1) == 0 }
        }
    }
}
