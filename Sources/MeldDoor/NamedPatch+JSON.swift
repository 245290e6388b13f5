import AccountDomain
import Accounts
import StrictJSON

extension NamedPatch {
    /// Reads `{"@delete":{…},"@insert":{…}}`; nothing else is taken, and each value is one scalar.
    ///
    /// - Throws: `BadRequest`.
    init(_ object: JSONObject, of name: AccountName) throws(MeldError) {
        self.init()
        guard !object.isEmpty else { throw .badRequest("@delete or @insert is expected") }
        for clause in object.members {
            guard case .object(let values) = clause.value else { throw .badRequest("A clause must be one object") }
            switch clause.key {
            case "@insert": try read(values, name, \.insert, \.insert, \.insert)
            case "@delete": try read(values, name, \.delete, \.delete, \.delete)
            default: throw .badRequest("Only @delete and @insert are known")
            }
        }
    }

    private mutating func read(
        _ values: JSONObject, _ name: AccountName, _ modes: WritableKeyPath<Change<RemoteAuthMode>, [RemoteAuthMode]>,
        _ contexts: WritableKeyPath<Change<NamingContext>, [NamingContext]>,
        _ addresses: WritableKeyPath<Change<EmailAddress>, [EmailAddress]>
    ) throws(MeldError) {
        var count = 0
        for member in values.members {
            guard case .string(let text) = member.value else { throw .badRequest("Each value must be one string") }
            switch member.key {
            case "@id":
                guard text == name.text else { throw .badRequest("@id must be the account's name") }
                continue
            case "remotesAuth":
                guard let mode = RemoteAuthMode(rawValue: text) else {
                    throw .badRequest("remotesAuth must be anon, key or jwt")
                }
                remotesAuth[keyPath: modes].append(mode)
            case "naming":
                guard let context = NamingContext(rawValue: text) else {
                    throw .badRequest("naming must be any or uuid")
                }
                naming[keyPath: contexts].append(context)
            case "email":
                guard let email = try? EmailAddress(mailbox: text) else {
                    throw .badRequest("email must be an e-mail address of at most 254 characters")
                }
                emails[keyPath: addresses].append(email)
            default: throw .badRequest("Only remotesAuth, naming and email can be written")
            }
            count += 1
        }
        guard count > 0 else { throw .badRequest("A clause must name a property") }
    }
}
