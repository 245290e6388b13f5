import AccountDomain
import Testing

/// What must hold whatever happens: commands drawn at random, decided and folded one after the other.
@Suite("Any history") struct AnyHistoryTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `accounts keep their promises`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let system = generator.one(of: System.allCases, else: .native)
        var account = Account.missing
        var history: [AccountEvent] = []
        var versions: [Int] = []
        for step in 0..<300 {
            let command: AccountCommand =
                step == 3
                ? .lifecycle(.create(Creation(system: system, space: .sample(9))))
                : draw(&generator, account, mayErase: step > 250)
            let before = account
            let events = (try? account.decide(command)) ?? []
            #expect(account == before, "deciding changed the state")
            for event in events {
                account.apply(event)
                if case .backup(.replaced(let backup)) = event { versions.append(backup.version) }
            }
            history += events
            if isIdempotent(command), !events.isEmpty {
                #expect((try? account.decide(command)) ?? [] == [], "\(command) made events twice")
            }
        }
        #expect(versions == Array(1..<(versions.count + 1)))
        #expect(Past<Account>(all: history).state == account)
        #expect(history.count > 20)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `no order of events makes a fold or a decision trap`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var account = Account.missing
        for _ in 0..<300 {
            account.apply(drawEvent(&generator))
            _ = try? account.decide(draw(&generator, account, mayErase: true))
        }
    }

    private func isIdempotent(_ command: AccountCommand) -> Bool {
        switch command {
        case .lifecycle(.create), .backup(.put), .password, .devices(.add), .accessKeys(.issue), .secretStorage,
            .recovery(.request):
            false
        case .lifecycle, .profile, .backup(.lock), .devices, .accessKeys, .remotesAuth, .administrators, .roles,
            .tokens, .identities, .recovery(.redeem):
            true
        }
    }

    private func draw(
        _ generator: inout SeededGenerator, _ account: Account, mayErase: Bool
    ) -> AccountCommand {
        let small = UInt64(generator.number(1...6))
        let modes = RemoteAuthMode.allCases.filter { _ in Bool.random(using: &generator) }
        let others = RemoteAuthMode.allCases.filter { _ in Bool.random(using: &generator) }
        let device = DeviceID.sample("d\(small)")
        switch generator.number(0...28) {
        case 0: return .lifecycle(.activate(reason: nil))
        case 1: return .lifecycle(.deactivate(reason: nil))
        case 2: return .lifecycle(.block(reason: nil))
        case 3: return .lifecycle(.unblock(reason: nil))
        case 4: return .profile(.change(ProfileMembers(stored: [("k", "\(small)")])))
        case 5: return .profile(.changeEmails([.sample("a\(small)@b.c")]))
        case 6: return .profile(.changeName(.sample("n\(small)")))
        case 7: return .password(.replace(with: .argon2id(phc: "\(small)"), authority: .operator))
        case 8:
            let proof = PasswordProof(
                revision: account.password.revision &+ generator.number(-1...1), matches: small > 2)
            return .password(.replace(with: .argon2id(phc: "x"), authority: .owner(proof: small == 6 ? nil : proof)))
        case 9, 10, 11: return .backup(.put(.sample(account.backup.version &+ generator.number(0...2))))
        case 12: return small == 6 ? .backup(.lock) : .backup(.put(.sample(1)))
        case 13, 14: return .devices(.add(id: device, name: nil, publicKey: nil))
        case 15: return .devices(.rename(id: device, name: .sample("n")))
        case 16: return .devices(.revoke(id: device, reason: nil))
        case 17: return .accessKeys(.issue(.sample(UInt32(small))))
        case 18: return .accessKeys(.revoke(KeyID(bits: UInt32(small))))
        case 19: return .remotesAuth(.patch(insert: modes, delete: others))
        case 20: return .administrators(.insert(.sample(small)))
        case 21: return .administrators(.delete(.sample(small)))
        case 22: return .roles(Bool.random(using: &generator) ? .grant(.admin) : .withdraw(.admin))
        case 23: return .tokens(.revoke(TokenID(high: 0, low: small), expiresAt: Moment(microseconds: 1)))
        case 24: return .identities(.link(.sample(small)))
        case 25: return .identities(.unlink(.sample(small)))
        case 26: return .recovery(.request(.sample(account.recovery.requestCount &+ 1)))
        case 27: return .recovery(.redeem(ordinal: Int(small)))
        default:
            // Late, for it ends the story.
            return mayErase && Bool.random(using: &generator)
                ? .lifecycle(.erase(kept: [])) : .lifecycle(.create(Creation(system: .native)))
        }
    }

    private func drawEvent(_ generator: inout SeededGenerator) -> AccountEvent {
        let number = generator.one(of: [.min, -1, 0, 1, 2, 3, .max - 1, .max], else: 1)
        let id = StreamID.sample(UInt64(generator.number(1...3)))
        let device = "d\(generator.number(1...3))"
        switch generator.number(0...22) {
        case 0: return .lifecycle(.created(Creation(system: generator.one(of: System.allCases, else: .native))))
        case 1: return .lifecycle(.activated(reason: nil))
        case 2: return .lifecycle(.blocked(reason: nil))
        case 3: return .lifecycle(.erased(kept: [KeptReservation(namespace: .keyID, count: number)]))
        case 4: return .profile(.nameChanged(.sample("")))
        case 5: return .profile(.profileChanged(ProfileMembers(stored: [("a", "1"), ("a", "2")])))
        case 6: return .password(.changed(.argon2id(phc: "")))
        case 7, 8: return .backup(.replaced(.sample(number)))
        case 9: return .backup(.locked)
        case 10, 11: return .devices(.added(.sample(number, device)))
        case 12: return .devices(.renamed(ordinal: number, name: nil))
        case 13: return .devices(.revoked(ordinal: number, reason: nil))
        case 14: return .accessKeys(.issued(.sample(UInt32(truncatingIfNeeded: number))))
        case 15: return .accessKeys(.revoked(KeyID(bits: UInt32(truncatingIfNeeded: number))))
        case 16: return .remotesAuth(.inserted([.jwt, .anon, .jwt]))
        case 17: return .remotesAuth(.deleted([.key, .anon]))
        case 18: return .administrators(Bool.random(using: &generator) ? .inserted(id) : .deleted(id))
        case 19: return .roles(.withdrawn(.admin))
        case 20: return .recovery(.requested(.sample(number, expiresAt: Moment(microseconds: Int64(number)))))
        case 21: return .recovery(.redeemed(ordinal: number))
        default: return .identities(Bool.random(using: &generator) ? .linked(id) : .unlinked(id))
        }
    }
}
