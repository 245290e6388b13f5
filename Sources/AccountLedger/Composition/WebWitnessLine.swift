import MailTransport
import PostgresTransparency
import Transparency

/// The way to a witness over HTTP, on a thread that may block.
struct WebWitnessLine: WitnessLine {
    let witness: Witness
    private let web: WebPost

    init(_ witness: Witness) {
        self.witness = witness
        web = WebPost(url: witness.address, seconds: 5)
    }

    func post(_ body: [UInt8]) async throws -> WitnessAnswer {
        let web = web
        let answer = try await onThread { try web.send(body) }
        return WitnessAnswer(status: answer.status, contentType: answer.contentType, body: answer.body)
    }
}
