import AccountDomain
import Testing

@Suite("Password") struct PasswordTests {
    static let old = PasswordVerifier.argon2id(phc: "old")
    static let new = PasswordVerifier.argon2id(phc: "new")

    private func replace(_ authority: Password.Authority) -> AccountCommand {
        .password(.replace(with: Self.new, authority: authority))
    }

    @Test(arguments: [Password.Authority.owner(proof: nil), .operator])
    func `the first password needs no old one`(authority: Password.Authority) {
        Given.living().when(replace(authority)).then(.password(.set(Self.new))).shows(1) { $0.password.revision }
    }

    @Test func `an owner who proves the old password changes it`() {
        let past = Given.living(.password(.set(Self.old)))
            .when(replace(.owner(proof: PasswordProof(revision: 1, matches: true))))
            .then(.password(.changed(Self.new)))
        past.shows(Self.new) { $0.password.verifier }
        past.shows(2) { $0.password.revision }
    }

    @Test(arguments: [
        (nil, Password.Refusal.oldPasswordRequired),
        (PasswordProof(revision: 1, matches: false), .wrongPassword),
        (PasswordProof(revision: 0, matches: true), .staleProof),
        (PasswordProof(revision: 2, matches: true), .staleProof),
        (PasswordProof(revision: 2, matches: false), .staleProof),
    ])
    func `an owner without a right and fresh proof is refused`(proof: PasswordProof?, refusal: Password.Refusal) {
        Given.living(.password(.set(Self.old))).when(replace(.owner(proof: proof))).thenRefused(.password(refusal))
    }

    @Test func `an operator needs no old password`() {
        Given.living(.password(.set(Self.old))).when(replace(.operator)).then(.password(.changed(Self.new)))
    }

    @Test(arguments: [Password.Authority.owner(proof: nil), .operator])
    func `the verifier of a Misakey account is made at its own door`(authority: Password.Authority) {
        Given(.created(by: .misakey)).when(replace(authority)).thenRefused(.password(.managedAtItsDoor(.misakey)))
    }

    @Test(arguments: System.allCases.filter { $0 != .misakey })
    func `every other system's account takes one here`(system: System) {
        Given(.created(by: system)).when(replace(.operator)).then(.password(.set(Self.new)))
    }
}
