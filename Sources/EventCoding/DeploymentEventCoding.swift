import AccountDomain

extension EventCoding {
    static func encode(_ event: Deployment.Event) -> EncodedEvent {
        switch event {
        case .originOpened(let number, let abandoned):
            EncodedEvent(
                "origin.opened.v1",
                [
                    "abandoned_root": .hash(abandoned.root), "abandoned_size": .count(Int(abandoned.size)),
                    "number": .count(number),
                ])
        }
    }

    static let deploymentDecoders: [String: Decoder] = [
        "origin.opened.v1": { data, _ throws(EventCodingError) in
            .deployment(
                .originOpened(
                    number: try data.count("number"),
                    abandoned: AbandonedCheckpoint(
                        size: Int64(try data.count("abandoned_size")), root: try data.hash("abandoned_root"))))
        }
    ]
}
