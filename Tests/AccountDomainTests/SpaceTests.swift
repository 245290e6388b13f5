import AccountDomain
import Testing

@Suite("Space") struct SpaceTests {
    @Test func `a Space is opened once`() {
        let open = GivenSpace().when(.create(.sample())).then(.created(.sample()))
        open.when(.create(.sample("other.example.org"))).thenRefused(.alreadyExists)
        open.shows(true) { $0.isOpen }
    }

    @Test(arguments: [Space.Command.change(.sample()), .close, .end])
    func `nothing happens to a Space that was never opened`(command: Space.Command) {
        GivenSpace().when(command).thenRefused(.missing)
    }

    @Test func `settings are replaced as a whole`() {
        var new = SpaceSettings.sample()
        new.maximumAccounts = 10
        let past = GivenSpace(.created(.sample())).when(.change(new)).then(.changed(new))
        past.when(.change(new)).thenNothing()
        past.shows(new) { $0.settings }
    }

    @Test func `the domain never changes`() {
        GivenSpace(.created(.sample())).when(.change(.sample("other.example.org"))).thenRefused(.domainFixed)
    }

    @Test func `a Space is closed, then forgotten`() {
        GivenSpace(.created(.sample())).when(.end).thenRefused(.notClosed)
        let closed = GivenSpace(.created(.sample())).when(.close).then(.closed)
        closed.when(.close).thenNothing()
        closed.when(.change(.sample(name: "New"))).thenRefused(.closed)
        closed.shows(false) { $0.isOpen }
        let ended = closed.when(.end).then(.ended)
        ended.when(.end).thenNothing()
        ended.when(.close).thenRefused(.missing)
        ended.when(.create(.sample())).thenRefused(.alreadyExists)
        ended.shows(nil) { $0.settings }
    }
}
