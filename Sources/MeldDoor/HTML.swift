import DoorKit

/// Pages without scripts, styles or anything from elsewhere.
enum HTML {
    /// What keeps a page from doing more than it says.
    static let headers: [DoorResponse.Header] = [
        .init("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
        .init("X-Frame-Options", "DENY"),
    ]

    /// A text as it may stand in an element or a quoted attribute.
    static func escape(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A page; `body` is HTML already.
    static func page(_ title: String, _ body: String) -> DoorResponse {
        let text = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(escape(title))</title></head>
            <body><h1>\(escape(title))</h1>
            \(body)
            </body></html>

            """
        return DoorResponse(
            status: 200, contentType: "text/html; charset=utf-8", headers: headers, body: .bytes(Array(text.utf8)))
    }
}
