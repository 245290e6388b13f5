public import AccountDomain

/// What a principal may do to an account: decided here and nowhere else.
///
/// Root may do everything; an account acts on itself; an administrator of a Space on the accounts of the Space.
/// An account that the caller may not see is not found, whether it exists or not.
public enum AccessPolicy {
    /// The kinds of acts on an account.
    public enum Act: Sendable {
        /// Look at it.
        case read
        /// Change what belongs to the person.
        case change
        /// Activate, block, unblock.
        case govern
        /// Decide who administers a Space; only root.
        case appoint
    }

    /// How the caller stands to the account.
    public enum Standing: Sendable, Equatable {
        /// Holder of the root key.
        case root
        /// The account itself.
        case owner
        /// An administrator of its Space.
        case spaceAdministrator
    }

    /// Lets an act through.
    ///
    /// - Parameters:
    ///   - caller: who acts.
    ///   - callersAccount: state of the caller's own account; nil for root and anonymous callers.
    ///   - account: the account that is acted on.
    ///   - space: its Space.
    ///   - act: what is done.
    /// - Returns: how the caller stands to the account.
    /// - Throws: ``Failure/notFound`` when the caller may not see the account, ``Failure/forbidden`` when it may not
    ///   do this, ``Failure/unauthorized`` without a credential.
    @discardableResult
    public static func standing(
        of caller: Caller, callersAccount: Account?, to account: AccountID, in space: SpaceID?, for act: Act
    ) throws(Failure) -> Standing {
        switch caller.principal {
        case .anonymous: throw .unauthorized
        case .root: return .root
        case .account, .identity: break
        }
        let standing: Standing
        if caller.account == account {
            standing = .owner
        } else if let callersAccount, callersAccount.roles.isAdmin, let space,
            callersAccount.lifecycle.space == space
        {
            standing = .spaceAdministrator
        } else {
            throw .notFound
        }
        switch (act, standing) {
        case (.appoint, _), (.govern, .owner): throw .forbidden
        default: return standing
        }
    }

    /// Whether the caller may open and connect domains of an account (m-ld): root, the account, its administrators.
    public static func mayUseDomains(of account: AccountID, _ state: Account, caller: Caller) -> Bool {
        if caller.isRoot { return true }
        guard let own = caller.account else { return false }
        return own == account || state.administrators.accounts.contains(own)
    }

    /// Lets only root through.
    public static func requireRoot(_ caller: Caller) throws(Failure) {
        switch caller.principal {
        case .root: return
        case .anonymous: throw .unauthorized
        case .account, .identity: throw .forbidden
        }
    }
}
