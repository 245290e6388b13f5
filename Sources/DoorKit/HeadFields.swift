import NIOHTTP1

/// What the server itself reads from the header fields, found in one pass.
struct HeadFields {
    private(set) var length: Int?
    private(set) var isChunked = false
    private(set) var awaitsContinue = false
    /// Whether the parser will take nothing after this request for HTTP any more.
    private(set) var asksForUpgrade = false
    private(set) var requestID: RequestID?
    private(set) var problem: Problem?
    /// Why a body could not be read.
    private(set) var bodyProblem: Problem?
    private var hosts = 0

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            // The length tells the few names apart, so that most fields cost one comparison.
            switch name.utf8.count {
            case 4 where Self.matches(name, "host"):
                hosts += 1
                if value.isEmpty || value.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: ",") }) { hosts = 2 }
            case 6 where Self.matches(name, "expect"):
                awaitsContinue = ASCII.trimmedLowercase(value[...]) == "100-continue"
                if !awaitsContinue {
                    problem = Problem(.expectationFailed, "Only the expectation 100-continue is known.")
                }
            case 7 where Self.matches(name, "upgrade"):
                asksForUpgrade = true
            case 10 where Self.matches(name, "request-id"):
                requestID = RequestID(value)
            case 14 where Self.matches(name, "content-length"):
                // The parser lets through digits only, and one length; one too long for an Int is too long anyway.
                length = Int(value) ?? .max
            case 16 where Self.matches(name, "content-encoding"):
                if ASCII.trimmedLowercase(value[...]) != "identity" {
                    bodyProblem = Problem(
                        .unsupportedMediaType, "Request bodies are taken without Content-Encoding."
                    ).about(.headers)
                }
            case 17 where Self.matches(name, "transfer-encoding"):
                isChunked = true
            default: break
            }
        }
    }

    /// Holds the request to RFC 9112, 3.2: one Host, which HTTP/1.0 may leave out.
    mutating func countHosts(isRequired: Bool) {
        guard hosts == 1 || (hosts == 0 && !isRequired) else {
            problem = Problem(.malformedRequest, "The request must have one Host header.")
            return
        }
    }

    private static func matches(_ name: String, _ lowercase: StaticString) -> Bool {
        var position = 0
        for byte in name.utf8 {
            guard ASCII.lowercased(byte) == lowercase.utf8Start[position] else { return false }
            position += 1
        }
        return true
    }
}
