import AccountDomain
import Accounts
import DoorKit

extension NativeDoor {
    func registerRecovery(on routes: inout Routes) {
        routes.post("/v1/recovery", requestRecovery)
        routes.post("/v1/recovery/redeem", redeemRecovery)
    }

    /// Answers take a whole number of these, so that their time does not tell whether there was something to append.
    private static let answerStep = Duration.milliseconds(100)

    private func requestRecovery(_ request: DoorRequest) async throws -> DoorResponse {
        let start = ContinuousClock.now
        try request.allow([])
        let email = try request.read { reader -> EmailAddress? in
            let text = reader.requiredString("email", maxCharacters: 254)
            let email = try? EmailAddress(text)
            if email == nil, reader.errors.isEmpty { reader.refuse("email", "must be an e-mail address") }
            return email
        }
        guard let email else { throw Problem.invalid("/email", "must be an e-mail address") }
        // Of every address alike, so that no limit tells which are known.
        try await limits.take(.mailOfClient, .client(request.clientAddress))
        try await limits.take(.mailToAddress, .mailbox(email.text))
        let context = try context(request, .anonymous)
        try await service.requestRecovery(to: email, context) { [limits] in
            // What is over the limit of all mails is not sent, and nobody is told.
            do { try await limits.take(.mailInAll, .everybody) } catch { return false }
            return true
        }
        let steps = Int(((ContinuousClock.now - start) / Self.answerStep).rounded(.up))
        try? await Task.sleep(until: start + Self.answerStep * steps)
        return .empty(status: 202)
    }

    private func redeemRecovery(_ request: DoorRequest) async throws -> DoorResponse {
        try request.allow([])
        let (text, new) = try request.read { reader in
            let text = reader.requiredString("token", maxCharacters: 256)
            let member = reader.newPassword("new_password")
            if member.value == nil, reader.errors.isEmpty { reader.refuse("new_password", "is required") }
            return (text, member.value ?? [])
        }
        let context = try context(request, .anonymous)
        let client = AttemptSubject.client(request.clientAddress)
        try await limits.take(.codeOfClient, client)
        guard let token = RecoveryToken(text) else {
            throw Problem.invalid("/token", "must be a recovery token that was neither used nor ended")
        }
        let account = AttemptSubject.stream(token.account)
        try await limits.take(.code, account)
        func giveBack() async {
            await limits.refund(.codeOfClient, client)
            await limits.refund(.code, account)
        }
        let appended: Appended
        do throws(Failure) { appended = try await service.redeemRecovery(token, newPassword: new, context) } catch {
            if error.isOfRightToken { await giveBack() }
            throw error
        }
        await giveBack()
        return .command(appended)
    }
}

extension Failure {
    /// Whether a redemption that failed so had the right token: it was no guess, and can be made again.
    fileprivate var isOfRightToken: Bool {
        switch self {
        case .callerBlocked, .invalid(pointer: "/new_password", detail: _): true
        default: false
        }
    }
}
