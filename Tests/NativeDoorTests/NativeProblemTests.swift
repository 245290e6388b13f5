import AccountDomain
import Accounts
import DoorKit
import StrictJSON
import Testing

@testable import NativeDoor

@Suite struct `Failures as problems` {
    static let table: [(Failure, Problem.Slug)] = [
        (.notFound, .notFound), (.forbidden, .forbidden), (.callerBlocked, .accountBlocked),
        (.unauthorized, .unauthorized), (.wrongPassword, .wrongPassword),
        (.preconditionFailed(current: 3), .preconditionFailed), (.valueTaken(.accountName), .nameTaken),
        (.valueTaken(.keyID), .conflict), (.quotaExceeded, .quotaExceeded), (.conflict("x"), .conflict),
        (.invalid(pointer: "/a", detail: "b"), .invalid), (.idempotencyKeyReused, .idempotencyKeyReused),
        (.erased, .accountErased), (.beyondHead, .malformedRequest), (.streamFull(limit: 9), .quotaExceeded),
        (.tooManyAttempts(retryAfterSeconds: 4), .tooManyRequests), (.unavailable(retryAfterSeconds: 4), .unavailable),
        (.account(.missing), .notFound), (.account(.erased), .accountErased),
        (.account(.backup(.versionConflict(expected: 4))), .versionConflict),
        (.account(.devices(.exists)), .deviceExists), (.account(.devices(.revoked)), .deviceRevoked),
        (.account(.devices(.joinsAtItsDoor(.jami))), .conflict), (.account(.profile(.nameFixed)), .conflict),
        (.account(.password(.oldPasswordRequired)), .invalid), (.account(.password(.wrongPassword)), .wrongPassword),
        (.account(.password(.managedAtItsDoor(.misakey))), .conflict), (.account(.accessKeys(.notFound)), .notFound),
        (.account(.identities(.last)), .conflict), (.identity(.missing), .notFound),
        (.identity(.alreadyLinked(to: StreamID(high: 1, low: 1))), .conflict), (.space(.domainFixed), .invalid),
        (.space(.closed), .conflict),
    ]

    @Test(arguments: table) func `each failure has its problem`(failure: Failure, slug: Problem.Slug) throws {
        #expect(try #require(Problem(failure)).slug == slug)
    }

    @Test func `a fault of ours is left to the server`() { #expect(Problem(.fault("x")) == nil) }

    @Test func `problems carry what clients act on`() throws {
        let conflict = try #require(Problem(.account(.backup(.versionConflict(expected: 4)))))
        #expect(conflict.members["expected_version"] == 4)
        let failed = try #require(Problem(.preconditionFailed(current: 9)))
        #expect(failed.members["current_version"] == 9)
        let taken = try #require(Problem(.valueTaken(.spaceHost)))
        #expect(taken.members["pointer"] == "/host")
        let stranger = try #require(Problem(.unauthorized))
        #expect(stranger.headers.map(\.name) == ["WWW-Authenticate"])
        let waiting = try #require(Problem(.unavailable(retryAfterSeconds: 4)))
        #expect(waiting.headers == [.init("Retry-After", "4")])
    }
}
