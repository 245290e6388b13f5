public import AccountDomain
import StrictJSON

/// An identity as its row's box holds it.
public struct IdentityRecord: Sendable, Equatable {
    /// The address it is known by.
    public var identifier: String
    /// Its account, when it has one; in clear beside the box as well.
    public var account: AccountID?
    /// How its second factor is checked; in clear beside the box as well.
    public var mfa: MFAMethod

    /// An identity.
    public init(identifier: String, account: AccountID? = nil, mfa: MFAMethod = .disabled) {
        self.identifier = identifier
        self.account = account
        self.mfa = mfa
    }

    /// The bytes that are sealed: `{"account","identifier","mfa"}`.
    public var stored: [UInt8] {
        var json = JSONWriter(reservingCapacity: 128)
        json.beginObject()
        if let account {
            json.key("account")
            json.string(account.description)
        }
        json.key("identifier")
        json.string(identifier)
        json.key("mfa")
        json.string(mfa.rawValue)
        json.endObject()
        return json.bytes
    }

    /// Reads them back; nil when they are anything else.
    public init?(stored bytes: [UInt8]) {
        guard case .object(let json)? = try? JSONReader.read(bytes), case .string(let identifier) = json["identifier"],
            case .string(let text) = json["mfa"], let mfa = MFAMethod(rawValue: text)
        else { return nil }
        self.init(identifier: identifier, mfa: mfa)
        if case .string(let account) = json["account"] { self.account = AccountID(account) }
    }
}
