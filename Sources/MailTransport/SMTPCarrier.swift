import AccountDomain
internal import CCurl

/// Hands messages to a mail server by libcurl: STARTTLS, log-in, time-outs, certificates checked.
public struct SMTPCarrier: MailCarrier {
    /// How long things may take.
    public struct Limits: Sendable {
        /// Until the connection stands.
        public var connectSeconds = 10
        /// All in all.
        public var totalSeconds = 60

        /// The defaults.
        public init() {}
    }

    private let server: SMTPServer
    private let limits: Limits

    /// A carrier to a server.
    public init(_ server: SMTPServer, limits: Limits = Limits()) {
        self.server = server
        self.limits = limits
    }

    /// Made once in a process, before the first handle.
    static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Delivers a message over a connection of its own.
    ///
    /// An address beyond ASCII takes a server with SMTPUTF8 (RFC 6531); at another one the mail fails for good, before
    /// anything of it was sent.
    public func deliver(_ message: MailMessage, while isWanted: @escaping () -> Bool) throws(MailFailure) {
        guard Self.isReady, let handle = unsafe curl_easy_init() else {
            throw MailFailure(.unreachable, reason: "libcurl does not start")
        }
        defer { unsafe curl_easy_cleanup(handle) }
        var recipients: UnsafeMutablePointer<curl_slist>?
        defer { unsafe curl_slist_free_all(recipients) }
        unsafe recipients = curl_slist_append(nil, "<\(message.recipient.text)>")
        guard unsafe recipients != nil else { throw MailFailure(.unreachable, reason: "no memory") }

        var settings = Settings()
        unsafe configure(&settings, handle, message)
        unsafe settings.check(mail_set_list(handle, CURLOPT_MAIL_RCPT, recipients))
        let watch = Watch(isWanted)
        unsafe settings.check(
            mail_set_watch(
                handle,
                { context, _, _, _, _ in
                    guard let context = unsafe context else { return 0 }
                    return unsafe Unmanaged<Watch>.fromOpaque(context).takeUnretainedValue().isWanted() ? 0 : 1
                }, Unmanaged.passUnretained(watch).toOpaque()))
        guard settings.isFine else {
            throw MailFailure(.unreachable, reason: "libcurl lacks a feature that mail needs")
        }

        var hasUTF8 = false
        let code = withExtendedLifetime(watch) {
            unsafe message.bytes.withUnsafeBytes { bytes in
                var transfer = unsafe mail_transfer(
                    bytes: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), left: bytes.count,
                    needs_utf8: message.needsUTF8 ? 1 : 0, offers_utf8: 0)
                return unsafe withUnsafeMutablePointer(to: &transfer) { transfer in
                    let set = unsafe mail_set_transfer(handle, transfer)
                    guard set == CURLE_OK else { return set }
                    let code = unsafe curl_easy_perform(handle)
                    hasUTF8 = unsafe transfer.pointee.offers_utf8 != 0
                    return code
                }
            }
        }
        guard code != CURLE_OK else { return }
        if code == CURLE_ABORTED_BY_CALLBACK, message.needsUTF8, !hasUTF8, isWanted() {
            throw MailFailure(.permanent, reason: "the server takes no address beyond ASCII (SMTPUTF8)")
        }
        throw unsafe Self.failure(code, reply: mail_reply_code(handle))
    }

    /// Carries the question into the library's callback.
    private final class Watch {
        let isWanted: () -> Bool
        init(_ isWanted: @escaping () -> Bool) { self.isWanted = isWanted }
    }

    /// Settings one after the other, of which one may fail.
    struct Settings {
        var isFine = true
        mutating func check(_ code: CURLcode) { if code != CURLE_OK { isFine = false } }
    }

    private func configure(_ settings: inout Settings, _ handle: UnsafeMutableRawPointer, _ message: MailMessage) {
        let scheme = server.security == .implicit ? "smtps" : "smtp"
        // What stands for the path is how we introduce ourselves.
        unsafe settings.check(
            mail_set_text(handle, CURLOPT_URL, "\(scheme)://\(server)/\(message.sender.domain)"))
        unsafe settings.check(mail_set_text(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps"))
        // The environment has no say in where mail goes.
        unsafe settings.check(mail_set_text(handle, CURLOPT_PROXY, ""))
        unsafe settings.check(mail_set_number(handle, CURLOPT_NOSIGNAL, 1))
        unsafe settings.check(mail_set_number(handle, CURLOPT_UPLOAD, 1))
        unsafe settings.check(mail_set_number(handle, CURLOPT_CONNECTTIMEOUT, limits.connectSeconds))
        unsafe settings.check(mail_set_number(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, limits.totalSeconds))
        unsafe settings.check(mail_set_number(handle, CURLOPT_TIMEOUT, limits.totalSeconds))
        let tls =
            switch server.security {
            case .implicit, .required: CURLUSESSL_ALL
            case .opportunistic: CURLUSESSL_TRY
            case .none: CURLUSESSL_NONE
            }
        unsafe settings.check(mail_set_number(handle, CURLOPT_USE_SSL, Int(tls.rawValue)))
        unsafe settings.check(mail_set_number(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)))
        unsafe settings.check(mail_set_number(handle, CURLOPT_SSL_VERIFYPEER, 1))
        unsafe settings.check(mail_set_number(handle, CURLOPT_SSL_VERIFYHOST, 2))
        if let file = server.caFile {
            unsafe settings.check(mail_set_text(handle, CURLOPT_CAINFO, file))
            unsafe settings.check(mail_set_text(handle, CURLOPT_CAPATH, nil))
        }
        if let user = server.user {
            unsafe settings.check(mail_set_text(handle, CURLOPT_USERNAME, user))
            unsafe settings.check(mail_set_text(handle, CURLOPT_PASSWORD, server.password ?? ""))
        }
        unsafe settings.check(mail_set_text(handle, CURLOPT_MAIL_FROM, "<\(message.sender.text)>"))
    }

    private static func failure(_ code: CURLcode, reply: Int) -> MailFailure {
        let reason = unsafe String(cString: curl_easy_strerror(code))
        switch code {
        // What the server answered to the envelope or the text decides; to anything before them it is no judgement on
        // this mail.
        case CURLE_SEND_ERROR, CURLE_WEIRD_SERVER_REPLY, CURLE_UPLOAD_FAILED, CURLE_RECV_ERROR:
            if (500...599).contains(reply) {
                return MailFailure(.permanent, reply: reply, reason: "the server refuses the mail")
            }
            if (400...499).contains(reply) {
                return MailFailure(.temporary, reply: reply, reason: "the server cannot take the mail now")
            }
            return MailFailure(.unreachable, reply: reply, reason: reason)
        case CURLE_LOGIN_DENIED: return MailFailure(.unreachable, reply: reply, reason: "the server refuses the log-in")
        default: return MailFailure(.unreachable, reply: reply, reason: reason)
        }
    }
}
