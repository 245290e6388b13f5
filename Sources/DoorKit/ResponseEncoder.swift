import NIOCore

/// Turns responses into the bytes of HTTP/1.1, head and small body in one buffer.
enum ResponseEncoder {
    /// How the length of a body is told.
    enum Framing {
        case length(Int)
        case chunked
        /// Until the connection closes, for HTTP/1.0.
        case untilClose
    }

    /// Bodies up to this size are copied behind their head; larger ones go as a buffer of their own.
    static let copiedBytes = 16 << 10

    /// Writes the head of `response`.
    ///
    /// - Returns: nil when a header holds a control character, which would let it forge others.
    static func head(
        _ response: borrowing DoorResponse, requestID: RequestID, framing: Framing, close: Bool, date: String,
        reserving room: Int = 0
    ) -> ByteBuffer? {
        var buffer = ByteBufferAllocator().buffer(capacity: 384 + room)
        writeStatusLine(response.status, &buffer)
        buffer.writeString(date)
        buffer.writeStaticString("\r\nX-Content-Type-Options: nosniff\r\nRequest-Id: ")
        buffer.writeString(requestID.description)
        if response.cacheControl == "no-store" {
            buffer.writeStaticString("\r\nCache-Control: no-store\r\n")
        } else {
            buffer.writeStaticString("\r\n")
            guard write("Cache-Control", response.cacheControl, &buffer) else { return nil }
        }
        if let type = response.contentType {
            guard write("Content-Type", type, &buffer) else { return nil }
            if type.hasPrefix("text/html") { writeHTMLPolicies(response, &buffer) }
        }
        switch framing {
        case .length(let count):
            // 204 and 304 have no body by definition, and no length (RFC 9110, 8.6).
            if response.status != 204, response.status != 304 {
                buffer.writeStaticString("Content-Length: ")
                writeDecimal(count, &buffer)
                buffer.writeStaticString("\r\n")
            }
        case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        case .untilClose: break
        }
        if close { buffer.writeStaticString("Connection: close\r\n") }
        for header in response.headers {
            guard write(header.name, header.value, &buffer) else { return nil }
        }
        buffer.writeStaticString("\r\n")
        return buffer
    }

    private static func writeHTMLPolicies(_ response: borrowing DoorResponse, _ buffer: inout ByteBuffer) {
        buffer.writeStaticString("Referrer-Policy: no-referrer\r\n")
        if !response.headers.contains(where: { $0.name == "Content-Security-Policy" }) {
            buffer.writeStaticString(
                "Content-Security-Policy: default-src 'self'; base-uri 'none'; frame-ancestors 'none'\r\n")
        }
    }

    private static func write(_ name: String, _ value: String, _ buffer: inout ByteBuffer) -> Bool {
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }),
            name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") })
        else { return false }
        buffer.writeString(name)
        buffer.writeStaticString(": ")
        buffer.writeString(value)
        buffer.writeStaticString("\r\n")
        return true
    }

    /// Writes a decimal number without making a string of it.
    static func writeDecimal(_ number: Int, _ buffer: inout ByteBuffer) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            buffer.writeInteger(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    private static func writeStatusLine(_ status: Int, _ buffer: inout ByteBuffer) {
        switch status {
        case 200: buffer.writeStaticString("HTTP/1.1 200 OK\r\nDate: ")
        case 201: buffer.writeStaticString("HTTP/1.1 201 Created\r\nDate: ")
        case 204: buffer.writeStaticString("HTTP/1.1 204 No Content\r\nDate: ")
        default:
            buffer.writeStaticString("HTTP/1.1 ")
            writeDecimal(status, &buffer)
            buffer.writeStaticString(" ")
            buffer.writeStaticString(reason(status))
            buffer.writeStaticString("\r\nDate: ")
        }
    }

    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 202: "Accepted"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
