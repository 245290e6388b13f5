package import StrictJSON

extension JSONLimits {
    /// What stored documents keep to: ours, so larger than what a request may send, but bounded all the same.
    package static let stored = JSONLimits(depth: 32, members: 100_000, elements: 200_000)
}
