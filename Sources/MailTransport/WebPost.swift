internal import CCurl
internal import Synchronization

/// Posts texts to one address by libcurl, over a connection that is kept: time-outs, certificates checked, no redirects.
@safe public final class WebPost: Sendable {
    /// What the server answered.
    public struct Answer: Sendable {
        /// The status (RFC 9110, section 15).
        public let status: Int
        /// The field `Content-Type`, empty without one.
        public let contentType: String
        /// The content.
        public let body: [UInt8]
    }

    /// How long an answer may be.
    private static let mostBytes = 64 << 10

    /// The library's handle, which keeps the connection.
    // Sendable: it is reached under a lock alone, and the library lets any thread use a handle, one at a time.
    @safe private struct Handle: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer?
    }

    private let url: String
    private let seconds: Int
    private let handle: Mutex<Handle>

    /// Posts to a URL of http or https, and waits for an answer as long as is said, all in all.
    public init(url: String, seconds: Int) {
        self.url = url
        self.seconds = seconds
        handle = unsafe Mutex(Handle(pointer: SMTPCarrier.isReady ? curl_easy_init() : nil))
    }

    deinit { handle.withLock { handle in unsafe curl_easy_cleanup(handle.pointer) } }

    /// Posts a text; blocks until it was answered, so it is called on a thread of the caller's.
    ///
    /// - Throws: ``WebFailure`` when there is no answer.
    public func send(_ text: [UInt8]) throws(WebFailure) -> Answer {
        let outcome = handle.withLock { handle -> Result<Answer, WebFailure> in
            guard let curl = unsafe handle.pointer else {
                return .failure(WebFailure(description: "libcurl does not start"))
            }
            return unsafe perform(curl, text)
        }
        return try outcome.get()
    }

    private func perform(_ curl: UnsafeMutableRawPointer, _ text: [UInt8]) -> Result<Answer, WebFailure> {
        unsafe curl_easy_reset(curl)
        var fields: UnsafeMutablePointer<curl_slist>?
        defer { unsafe curl_slist_free_all(fields) }
        unsafe fields = curl_slist_append(nil, "Content-Type: text/plain; charset=utf-8")
        var settings = SMTPCarrier.Settings()
        unsafe settings.check(mail_set_list(curl, CURLOPT_HTTPHEADER, fields))
        unsafe settings.check(mail_set_text(curl, CURLOPT_URL, url))
        unsafe settings.check(mail_set_text(curl, CURLOPT_PROTOCOLS_STR, "http,https"))
        // The environment has no say in where it goes.
        unsafe settings.check(mail_set_text(curl, CURLOPT_PROXY, ""))
        unsafe settings.check(mail_set_number(curl, CURLOPT_NOSIGNAL, 1))
        unsafe settings.check(mail_set_number(curl, CURLOPT_TIMEOUT, seconds))
        unsafe settings.check(mail_set_number(curl, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)))
        unsafe settings.check(mail_set_number(curl, CURLOPT_SSL_VERIFYPEER, 1))
        unsafe settings.check(mail_set_number(curl, CURLOPT_SSL_VERIFYHOST, 2))
        guard settings.isFine else {
            return .failure(WebFailure(description: "libcurl lacks a feature that posts need"))
        }
        var content = [UInt8](repeating: 0, count: Self.mostBytes)
        var length = 0
        let code = unsafe text.withUnsafeBytes { text in
            unsafe content.withUnsafeMutableBytes { room in
                var answer = unsafe web_answer(bytes: room.baseAddress, length: 0, room: room.count)
                return unsafe withUnsafeMutablePointer(to: &answer) { answer in
                    let code = unsafe web_post(curl, text.baseAddress, text.count, answer)
                    length = unsafe answer.pointee.length
                    return code
                }
            }
        }
        guard code == CURLE_OK else {
            return unsafe .failure(WebFailure(description: String(cString: curl_easy_strerror(code))))
        }
        let status = unsafe mail_reply_code(curl)
        let type = unsafe web_content_type(curl).map { unsafe String(cString: $0) }
        return .success(Answer(status: status, contentType: type ?? "", body: Array(content.prefix(length))))
    }
}

/// Why a post has no answer.
public struct WebFailure: Error, Sendable, CustomStringConvertible {
    /// What failed, in words of ours or of the library.
    public let description: String
}
