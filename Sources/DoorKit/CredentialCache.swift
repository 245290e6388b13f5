import AccountDomain
import Synchronization

/// Whose a credential is, by the digest of what was presented; bounded, without any secret.
///
/// An entry says only where to look: whether the credential still holds is checked each time against the stream's
/// present state. Entries move from the young half to the old one and are forgotten with it unless they were used.
final class CredentialCache: Sendable {
    /// What a credential turned out to be.
    enum Entry: Sendable {
        /// A key of an account; with Basic, the name it was presented with.
        case key(KeyID, account: AccountID, name: String?)
        /// An access token.
        case token(AccessToken)
    }

    private struct Generations {
        var young: [Digest: Entry] = [:]
        var old: [Digest: Entry] = [:]
    }

    private let limit: Int
    private let generations = Mutex(Generations())

    /// Makes a cache of at most `limit` entries.
    init(limit: Int) { self.limit = max(2, limit) }

    subscript(_ digest: Digest) -> Entry? {
        generations.withLock { generations in
            if let entry = generations.young[digest] { return entry }
            guard let entry = generations.old.removeValue(forKey: digest) else { return nil }
            insert(entry, for: digest, &generations)
            return entry
        }
    }

    /// Remembers whose a credential is.
    func remember(_ entry: Entry, for digest: Digest) {
        generations.withLock { insert(entry, for: digest, &$0) }
    }

    /// How many entries there are.
    var count: Int { generations.withLock { $0.young.count + $0.old.count } }

    private func insert(_ entry: Entry, for digest: Digest, _ generations: inout Generations) {
        if generations.young.count >= limit / 2 {
            generations.old = generations.young
            generations.young = [:]
        }
        generations.young[digest] = entry
    }
}
