import AccountDomain
import Testing

@Suite("RemotesAuth") struct RemotesAuthTests {
    @Test func `an empty set means key`() {
        Given.living().shows([.key]) { $0.remotesAuth.effective }
        Given.living().shows([]) { $0.remotesAuth.modes }
    }

    @Test func `modes stand in one order, whatever the order of the patch`() {
        Given.living().when(.remotesAuth(.patch(insert: [.jwt, .anon, .jwt], delete: [])))
            .then(.remotesAuth(.inserted([.anon, .jwt]))).shows([.anon, .jwt]) { $0.remotesAuth.effective }
    }

    @Test func `deletion comes before insertion`() {
        let past = Given.living(.remotesAuth(.inserted([.anon, .key])))
        past.when(.remotesAuth(.patch(insert: [.jwt], delete: [.anon])))
            .then(.remotesAuth(.deleted([.anon])), .remotesAuth(.inserted([.jwt])))
            .shows([.key, .jwt]) { $0.remotesAuth.modes }
        past.when(.remotesAuth(.patch(insert: [.anon], delete: [.anon]))).thenNothing()
    }

    @Test func `only effective changes are events`() {
        let past = Given.living(.remotesAuth(.inserted([.key])))
        past.when(.remotesAuth(.patch(insert: [.key], delete: [.jwt]))).thenNothing()
        past.when(.remotesAuth(.patch(insert: [], delete: []))).thenNothing()
        past.when(.remotesAuth(.patch(insert: [.key, .jwt], delete: []))).then(.remotesAuth(.inserted([.jwt])))
        past.when(.remotesAuth(.patch(insert: [], delete: [.key]))).then(.remotesAuth(.deleted([.key])))
            .shows([.key]) { $0.remotesAuth.effective }
    }
}
