import DoorKit
import StrictJSON

extension MisakeyDoor {
    func registerCSRF(on routes: inout Routes) {
        routes.get("/csrf", csrfToken)
    }

    private func csrfToken(_ request: DoorRequest) async throws -> DoorResponse {
        try request.requireReadableQuery()
        let token = CSRF.presented(in: Cookies(request)) ?? CSRF.draw()
        var json = JSONWriter(reservingCapacity: 64)
        json.beginObject()
        json.key("csrf_token")
        json.string(token)
        json.endObject()
        return .json(json.bytes, headers: [.setCookie(CSRF.cookie, token, seconds: 86_400)])
    }
}

/// Tokens against requests that another site makes a browser send: the cookie must be repeated in a header.
enum CSRF {
    static let cookie = "_csrf"
    static let header = "X-CSRF-Token"

    /// Thirty-two characters.
    static func draw() -> String {
        var generator = SystemRandomNumberGenerator()
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        return String(decoding: (0..<32).map { _ in letters[Int.random(in: 0..<64, using: &generator)] }, as: UTF8.self)
    }

    /// The token in the cookie, when it is one that can be sent back.
    static func presented(in cookies: Cookies) -> String? {
        guard let token = cookies[cookie], token.utf8.count <= 256, token.utf8.allSatisfy(isCookieOctet) else {
            return nil
        }
        return token
    }

    /// Refuses a request whose header does not repeat the cookie; missing and wrong look the same.
    static func check(_ request: DoorRequest, _ cookies: Cookies) throws(MisakeyError) {
        let given = (try? request.header(header)) ?? nil
        guard let given, let token = cookies[cookie], isEqual(Array(given.utf8), Array(token.utf8)) else {
            throw MisakeyError(.forbidden, .headers, "csrf_token", .invalid)
        }
    }

    /// Compares in a time that depends on the lengths alone.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// RFC 6265, section 4.1.1.
    private static func isCookieOctet(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x23...0x2B, 0x2D...0x3A, 0x3C...0x5B, 0x5D...0x7E: true
        default: false
        }
    }
}
