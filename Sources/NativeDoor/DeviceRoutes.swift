import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension NativeDoor {
    func registerDevices(on routes: inout Routes) {
        routes.post("/v1/accounts/{id}/devices", addDevice)
        routes.get("/v1/accounts/{id}/devices", listDevices)
        routes.patch("/v1/accounts/{id}/devices/{device}", renameDevice)
        routes.post("/v1/accounts/{id}/devices/{device}/revoke", revokeDevice)
    }

    private func addDevice(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            let id = try request.stream()
            let (given, name, publicKey) = try request.read { reader in
                (
                    reader.text("id", as: DeviceID.self).value, reader.text("name", as: DeviceName.self).value,
                    reader.text("public_key", as: PublicKeyText.self).value
                )
            }
            var generator = SystemRandomNumberGenerator()
            let device = given ?? DeviceID(stored: StreamID.random(using: &generator).description)
            let appended = try await service.execute(
                .devices(.add(id: device, name: name, publicKey: publicKey)), on: id, context)
            // The event tells all of a new device, and for a repeat which id was drawn then.
            guard let added = AccountView(id, folding: appended.events).devices.first else {
                throw Failure.fault("a device was added without its event")
            }
            return .command(appended, status: 201) { added.writeResource(to: &$0) }
        }
    }

    private func listDevices(_ request: DoorRequest) async throws -> DoorResponse {
        try await read(request, query: Paging.parameters + Self.timeTravel) { caller in
            let paging = try paging(request, caller)
            let view = try await seen(request, caller).view
            if let unchanged = try unchanged(request, view.version) { return unchanged }
            return paging.answer(slicing: view.devices, headers: [.etag(view.version)]) { $0.writeResource(to: &$1) }
        }
    }

    private func renameDevice(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            let (id, device) = (try request.stream(), try Self.device(request))
            let name = try request.read { reader in
                let before = reader.errors.count
                let name = reader.text("name", as: DeviceName.self)
                if case .absent = name, reader.errors.count == before { reader.refuse("name", "is required") }
                return name.value
            }
            return try await deviceAnswer(
                device, of: id, try await service.execute(.devices(.rename(id: device, name: name)), on: id, context))
        }
    }

    private func revokeDevice(_ request: DoorRequest) async throws -> DoorResponse {
        try await command(request) { context in
            let (id, device) = (try request.stream(), try Self.device(request))
            let reason = try request.readIfAny { reader in reader.text("reason", as: Reason.self).value }
            return try await deviceAnswer(
                device, of: id,
                try await service.execute(.devices(.revoke(id: device, reason: reason)), on: id, context))
        }
    }

    private static func device(_ request: DoorRequest) throws -> DeviceID {
        guard let device = try? DeviceID(try request.parameter("device")) else { throw Failure.notFound }
        return device
    }

    private func deviceAnswer(_ device: DeviceID, of account: AccountID, _ appended: Appended) async throws
        -> DoorResponse
    {
        let view = try await reads.account(account, version: appended.version)
        guard let shown = view.devices.first(where: { $0.id == device.text }) else { throw Failure.notFound }
        return .command(appended) { shown.writeResource(to: &$0) }
    }
}
