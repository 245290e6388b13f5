import AccountDomain
import Testing

@Suite("Backup") struct BackupTests {
    @Test func `the first version is one, and each counts up`() {
        let past = Given.living().when(.backup(.put(.sample(1)))).then(.backup(.replaced(.sample(1))))
            .when(.backup(.put(.sample(2, [1, 2])))).then(.backup(.replaced(.sample(2, [1, 2]))))
        past.shows(2) { $0.backup.version }
        past.shows(2) { $0.backup.length }
        past.shows(.sample(2)) { $0.backup.sha256 }
    }

    @Test(arguments: [.min, -1, 0, 4, 6, .max])
    func `any other version is refused, naming the one expected`(version: Int) {
        Given.living(.backup(.replaced(.sample(4)))).when(.backup(.put(.sample(version))))
            .thenRefused(.backup(.versionConflict(expected: 5)))
    }

    @Test(arguments: [Int.min, 1, .max])
    func `after the last number there is no next one`(version: Int) {
        Given.living(.backup(.replaced(.sample(.max)))).when(.backup(.put(.sample(version))))
            .thenRefused(.backup(.versionConflict(expected: .max)))
    }

    @Test func `a locked backup stays as it is`() {
        let locked = Given.living(.backup(.replaced(.sample(1)))).when(.backup(.lock)).then(.backup(.locked))
        locked.when(.backup(.put(.sample(2)))).thenRefused(.backup(.locked))
        locked.when(.backup(.lock)).thenNothing()
        locked.shows(1) { $0.backup.version }
    }
}
