import StrictJSON

/// An account in its past, as the tools ask the service for it.
struct AccountPast {
    private let service: ServiceClient
    private let account: String

    /// The past of an account that a person names by id or name.
    init(_ service: ServiceClient, account: String) {
        self.service = service
        self.account = account
    }

    /// Its id; a name is that of the present.
    func find() throws(CommandFailure) -> String { try AccountLookup.find(account, service) }

    /// The account at a moment, nil or `now` for the present.
    ///
    /// - Returns: an empty object when it did not exist yet and `mayBeMissing`.
    func view(of id: String, at moment: String?, mayBeMissing: Bool = false) throws(CommandFailure) -> JSONObject {
        let answer = try service.send("GET", RequestPath.make(["v1", "accounts", id], Self.query(moment)))
        if answer.status == 404, mayBeMissing { return JSONObject() }
        guard answer.isSuccess else { throw ServiceClient.failure(answer) }
        return answer.json?.objectValue ?? JSONObject()
    }

    /// Its events after a version and up to another, in order.
    func events(
        of id: String, after version: Int64, upTo last: Int64, _ body: (JSONObject) throws -> Void
    ) throws {
        var after = version
        while after < last {
            let page = try service.call(
                "GET", RequestPath.make(["v1", "accounts", id, "events"], [("after", "\(after)"), ("limit", "1000")]))
            let items = (page["items"]?.arrayValue ?? []).compactMap(\.objectValue)
            guard let newest = items.last?["streamversion"]?.integerValue, newest > after else { return }
            for event in items where (event["streamversion"]?.integerValue ?? 0) <= last { try body(event) }
            after = newest
        }
    }

    private static func query(_ moment: String?) -> [(String, String?)] {
        moment == nil || moment == "now" ? [] : [("at", moment)]
    }
}
