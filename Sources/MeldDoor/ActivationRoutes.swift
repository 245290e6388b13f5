import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension MeldDoor {
    func registerActivation(on routes: inout Routes) {
        routes.post("/api/v1/user/{a}/activation") { request in
            let meld = try MeldRequest(request)
            let name = try meld.name()
            guard let text = try meld.object()["email"]?.stringValue, let email = try? EmailAddress(mailbox: text)
            else {
                throw MeldError.badRequest("email must be an e-mail address of at most 254 characters")
            }
            let token = try await self.activate(name, email, meld)
            var json = JSONWriter(reservingCapacity: 512)
            json.beginObject()
            json.key("jwe")
            json.string(token)
            json.endObject()
            return .json(json.bytes)
        }
    }

    /// Opens an activation.
    ///
    /// - Returns: the token to redeem it with, together with the code that is mailed.
    func activate(_ name: AccountName, _ email: EmailAddress, _ meld: MeldRequest) async throws -> String {
        try await limits.take(.mailOfClient, .client(meld.request.clientAddress))
        try await limits.take(.activation, .text("\(name.text) \(email.text)"))
        try await limits.take(.mailToAddress, .mailbox(email.text))
        try await limits.take(.mailInAll, .everybody)
        let issuedAt = clock().microseconds / 1_000_000
        let expiresAt = issuedAt + ActivationToken.lifetimeSeconds
        let id = try await service.requestActivation(
            of: name, email: email, until: Moment(microseconds: expiresAt * 1_000_000), meld.context(.anonymous))
        return try activations.seal(
            ActivationToken(activation: id, name: name, email: email, issuedAt: issuedAt, expiresAt: expiresAt))
    }

    /// Redeems an activation for a key; `name` is the account that the request names, if it names one.
    ///
    /// - Throws: ``Failure/unauthorized`` whatever is wrong.
    func redeem(_ text: String, _ code: String, for name: AccountName?, _ meld: MeldRequest) async throws -> NewKey {
        let client = AttemptSubject.client(meld.request.clientAddress)
        try await limits.take(.codeOfClient, client)
        guard let token = activations.open(text), !token.hasExpired(at: clock()), name == nil || name == token.name
        else { throw Failure.unauthorized }
        let key = try await service.redeem(
            Redemption(activation: token.activation, name: token.name, email: token.email, code: code),
            meld.context(.anonymous))
        await limits.refund(.codeOfClient, client)
        return key
    }
}
