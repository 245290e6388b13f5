import AccountDomain
import Accounts
import DoorKit

extension NewAccount {
    /// Reads the body of a creation.
    init(reading reader: inout ObjectReader, maximumBackupBytes: Int) {
        self.init(
            system: .native, name: reader.text("name", as: AccountName.self).value,
            emails: reader.emails("emails").value ?? [])
        let members = (reader.profile("profile", takesNull: false).value ?? []).map { ($0.0, $0.1 ?? "") }
        do { profile = try ProfileMembers(members) } catch { reader.refuse("profile", error.description) }
        password = reader.newPassword("password").value
        activated = reader.optionalBool("activated") ?? false
        backup =
            reader.object("backup") { reader in
                let data = reader.requiredBase64("data", maxBytes: maximumBackupBytes)
                reader.refuseUnknownMembers()
                return data
            }.value
        space = reader.text("space", as: SpaceDomain.self).value
    }
}

extension AccountPatch {
    /// Reads the body of a merge patch: null removes, and a name, once given, cannot be removed.
    init(reading reader: inout ObjectReader) {
        self.init()
        let name = reader.text("name", as: AccountName.self)
        reader.refuseNull("name", name)
        self.name = name.value
        switch reader.emails("emails") {
        case .absent: break
        case .null: emails = []
        case .value(let addresses): emails = addresses
        }
        switch reader.profile("profile", takesNull: true) {
        case .absent: break
        case .null: clearsProfile = true
        case .value(let members): profile = members
        }
        let admin = reader.bool("admin")
        reader.refuseNull("admin", admin)
        isAdmin = admin.value
    }
}
