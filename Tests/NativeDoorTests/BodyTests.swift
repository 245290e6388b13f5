import AccountDomain
import Accounts
import DoorKit
import StrictJSON
import Testing

@testable import NativeDoor

@Suite struct `Request bodies` {
    private func read<Value>(_ text: String, _ read: (inout ObjectReader) -> Value) throws -> Value {
        let object = try #require(try JSONReader.read(Array(text.utf8)).objectValue)
        var reader = ObjectReader(object)
        let value = read(&reader)
        reader.refuseUnknownMembers()
        try reader.finish()
        return value
    }

    private func pointers<Value>(_ text: String, _ read: (inout ObjectReader) -> Value) -> [String] {
        do { _ = try self.read(text, read) } catch let problem as Problem {
            return problem.errors.map(\.pointer)
        } catch { Issue.record(error) }
        return []
    }

    @Test func `a patch leaves what is absent and removes what is null`() throws {
        let empty = try read("{}") { AccountPatch(reading: &$0) }
        #expect(empty.name == nil && empty.emails == nil && empty.profile == nil && empty.isAdmin == nil)
        #expect(!empty.clearsProfile)
        let patch = try read(#"{"emails":null,"profile":{"a":"b","c":null}}"#) { AccountPatch(reading: &$0) }
        #expect(patch.emails == [])
        #expect(patch.profile?.map(\.0) == ["a", "c"])
        #expect(patch.profile?.map(\.1) == ["b", nil])
        #expect(try read(#"{"profile":null}"#) { AccountPatch(reading: &$0) }.clearsProfile)
        #expect(try read(#"{"admin":true}"#) { AccountPatch(reading: &$0) }.isAdmin == true)
    }

    @Test func `everything that is wrong is pointed at, all at once`() {
        let wrong = #"{"name":"NO","emails":["a@b.c","x"],"profile":{"a/b":1},"activated":true,"admin":null}"#
        #expect(
            pointers(wrong) { AccountPatch(reading: &$0) } == [
                "/name", "/emails/1", "/profile/a~1b", "/admin", "/activated",
            ])
        #expect(pointers(#"{"name":null}"#) { AccountPatch(reading: &$0) } == ["/name"])
    }

    @Test(arguments: ["admin", "system", "blocked", "id", "version", "has_password"])
    func `a creation takes no privilege that it was not offered`(member: String) {
        let body = "{\"\(member)\":true}"
        #expect(pointers(body) { NewAccount(reading: &$0, maximumBackupBytes: 10) } == ["/\(member)"])
    }

    @Test func `a creation takes all that a person brings`() throws {
        let new = try read(
            #"{"name":"alice","emails":["a@example.org"],"profile":{"k":"v"},"password":"secret","activated":true,"#
                + #""backup":{"data":"Ym94"},"space":"sip.example.org"}"#
        ) { NewAccount(reading: &$0, maximumBackupBytes: 10) }
        #expect(new.system == .native)
        #expect(new.name?.text == "alice")
        #expect(new.profile["k"] == "v")
        #expect(new.password == Array("secret".utf8))
        #expect(new.activated)
        #expect(new.backup == Array("box".utf8))
        #expect(new.space?.text == "sip.example.org")
        #expect(
            pointers(#"{"password":"short","backup":{}}"#) { NewAccount(reading: &$0, maximumBackupBytes: 10) }
                == ["/password", "/backup/data"])
    }

    @Test func `a Space needs name, domain and host, and its patch takes them away from nobody`() throws {
        #expect(pointers("{}") { SpaceSettings(reading: &$0) } == ["/name", "/domain", "/host"])
        let settings = try #require(
            try read(#"{"name":"S","domain":"sip.example.org","host":"example.org","max_accounts":5}"#) {
                SpaceSettings(reading: &$0)
            })
        #expect(settings.maximumAccounts == 5)
        let patch = try read(#"{"max_accounts":null,"super":true}"#) { SpacePatch(reading: &$0) }
        let changed = patch.applied(to: settings)
        #expect(changed.maximumAccounts == nil)
        #expect(changed.isSuper)
        #expect(changed.name == settings.name)
        #expect(pointers(#"{"host":null}"#) { SpacePatch(reading: &$0) } == ["/host"])
    }
}
