import AccountDomain
import Testing

@Suite("Devices") struct DevicesTests {
    private let phone = AccountEvent.devices(.added(.sample(1, "phone", name: "Phone")))
    private let revoked = AccountEvent.devices(.revoked(ordinal: 1, reason: nil))

    private func add(_ id: String) -> AccountCommand {
        .devices(.add(id: .sample(id), name: nil, publicKey: nil))
    }

    @Test func `devices are numbered in the order they are added`() {
        Given.living().when(add("phone")).then(.devices(.added(.sample(1, "phone"))))
            .when(add("laptop")).then(.devices(.added(.sample(2, "laptop"))))
            .shows([1, 2]) { $0.devices.entries.map(\.ordinal) }
    }

    @Test func `a revoked device keeps its number`() {
        Given.living(phone, revoked).when(add("laptop")).then(.devices(.added(.sample(2, "laptop"))))
    }

    @Test func `a device with this id is there already`() {
        Given.living(phone).when(add("phone")).thenRefused(.devices(.exists))
    }

    @Test func `the id of a revoked device is not used again`() {
        Given.living(phone, revoked).when(add("phone")).thenRefused(.devices(.revoked))
    }

    @Test func `devices of a Jami account join at its own door`() {
        Given(.created(by: .jami)).when(add("phone")).thenRefused(.devices(.joinsAtItsDoor(.jami)))
    }

    @Test func `a device is renamed, or loses its name`() {
        let past = Given.living(phone)
            .when(.devices(.rename(id: .sample("phone"), name: .sample("Old phone"))))
            .then(.devices(.renamed(ordinal: 1, name: .sample("Old phone"))))
            .when(.devices(.rename(id: .sample("phone"), name: nil))).then(.devices(.renamed(ordinal: 1, name: nil)))
        past.shows([nil]) { $0.devices.entries.map(\.name) }
        past.when(.devices(.rename(id: .sample("phone"), name: nil))).thenNothing()
    }

    @Test func `a device is revoked once, for good`() {
        let reason = Reason.sample("lost")
        let past = Given.living(phone).when(.devices(.revoke(id: .sample("phone"), reason: reason)))
            .then(.devices(.revoked(ordinal: 1, reason: reason)))
        past.when(.devices(.revoke(id: .sample("phone"), reason: nil))).thenNothing()
        past.when(.devices(.rename(id: .sample("phone"), name: .sample("x")))).thenRefused(.devices(.revoked))
    }

    @Test func `an unknown device is not found`() {
        Given.living(phone).when(.devices(.revoke(id: .sample("Phone"), reason: nil))).thenRefused(.devices(.notFound))
        Given.living(phone).when(.devices(.rename(id: .sample("x"), name: nil))).thenRefused(.devices(.notFound))
    }

    @Test func `a thousand living devices are the most; a revoked one makes room`() {
        var full = Past<Account>(all: [.living] + (1...1_000).map { .devices(.added(.sample($0, "d\($0)"))) })
        full.when(add("x")).thenRefused(.devices(.tooMany))
        full = full.when(.devices(.revoke(id: .sample("d500"), reason: nil)))
            .then(.devices(.revoked(ordinal: 500, reason: nil)))
        full.when(add("x")).then(.devices(.added(.sample(1_001, "x"))))
    }

    @Test func `after the last number there is no next device`() {
        Given.living(.devices(.added(.sample(.max, "phone")))).when(add("x")).thenRefused(.devices(.tooMany))
    }

    @Test(arguments: [Int.min, -1, 0, 2, .max])
    func `an event about an unknown number changes nothing`(ordinal: Int) {
        let odd = Given.living(
            phone, .devices(.renamed(ordinal: ordinal, name: nil)), .devices(.revoked(ordinal: ordinal, reason: nil)))
        odd.shows(Given.living(phone).state) { $0 }
    }

    @Test func `a device is found by its number, not its place`() {
        Given.living(.devices(.added(.sample(7, "a"))), .devices(.added(.sample(9, "b"))))
            .when(.devices(.revoke(id: .sample("b"), reason: nil))).then(.devices(.revoked(ordinal: 9, reason: nil)))
            .shows([false, true]) { $0.devices.entries.map(\.isRevoked) }
    }
}
