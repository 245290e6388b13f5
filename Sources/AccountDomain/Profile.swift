/// What a person is called, reached at, and tells of themselves.
public struct Profile: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Replaces the profile.
        case change(ProfileMembers)
        /// Replaces the addresses.
        case changeEmails([EmailAddress])
        /// Deletes some addresses, then inserts some.
        case patchEmails(insert: [EmailAddress], delete: [EmailAddress])
        /// Gives the account its name, or another one.
        case changeName(AccountName)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// The profile is now this.
        case profileChanged(ProfileMembers)
        /// The addresses are now these.
        case emailsChanged([EmailAddress])
        /// These addresses were added.
        case emailsInserted([EmailAddress])
        /// These addresses were taken away.
        case emailsDeleted([EmailAddress])
        /// The name is now this.
        case nameChanged(AccountName)
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// A key was issued: the name is part of what key holders know.
        case nameFixed
        /// More than twenty addresses.
        case tooManyEmails
        /// An address twice.
        case repeatedEmail
    }

    /// How many addresses an account may have.
    public static let maximumEmails = 20

    /// The profile.
    public private(set) var profile = ProfileMembers.empty
    /// The addresses.
    public private(set) var emails: [EmailAddress] = []
    /// The name.
    public private(set) var name: AccountName?

    init() {}

    func decide(_ command: Command, isNameFixed: Bool) throws(Refusal) -> [Event] {
        switch command {
        case .change(let profile): return profile == self.profile ? [] : [.profileChanged(profile)]
        case .changeEmails(let emails):
            try Self.check(emails)
            return emails == self.emails ? [] : [.emailsChanged(emails)]
        case .patchEmails(let insert, let delete): return try patch(insert, delete)
        case .changeName(let name):
            if name == self.name { return [] }
            guard !isNameFixed else { throw .nameFixed }
            return [.nameChanged(name)]
        }
    }

    private func patch(_ insert: [EmailAddress], _ delete: [EmailAddress]) throws(Refusal) -> [Event] {
        let deleted = emails.filter { email in delete.contains(email) && !insert.contains(email) }
        var inserted: [EmailAddress] = []
        for email in insert where !emails.contains(email) && !inserted.contains(email) { inserted.append(email) }
        guard emails.count - deleted.count + inserted.count <= max(Self.maximumEmails, emails.count) else {
            throw .tooManyEmails
        }
        return (deleted.isEmpty ? [] : [.emailsDeleted(deleted)])
            + (inserted.isEmpty ? [] : [.emailsInserted(inserted)])
    }

    static func check(_ emails: [EmailAddress]) throws(Refusal) {
        guard emails.count <= maximumEmails else { throw .tooManyEmails }
        guard Set(emails).count == emails.count else { throw .repeatedEmail }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .profileChanged(let profile): self.profile = profile
        case .emailsChanged(let emails): self.emails = emails
        case .emailsInserted(let new): for email in new where !emails.contains(email) { emails.append(email) }
        case .emailsDeleted(let old): emails.removeAll { old.contains($0) }
        case .nameChanged(let name): self.name = name
        }
    }

    mutating func start(_ creation: Creation) {
        profile = creation.profile
        emails = creation.emails
        name = creation.name
    }
}
