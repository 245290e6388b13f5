extension Argon2id {
    /// What a run costs.
    public struct Parameters: Sendable, Equatable {
        /// The cost of new hashes: 19 MiB, two passes, one lane (OWASP's recommendation).
        public static let standard = Parameters()

        /// The memory, in KiB.
        public let memoryKiB: Int
        /// How often the memory is passed over.
        public let iterations: Int
        /// How many lanes there are, each run by a thread of its own.
        public let parallelism: Int

        /// Creates parameters, which are checked where they are used.
        public init(memoryKiB: Int = 19_456, iterations: Int = 2, parallelism: Int = 1) {
            self.memoryKiB = memoryKiB
            self.iterations = iterations
            self.parallelism = parallelism
        }

        /// Whether a run with these is possible, and cheap enough to be allowed: at most 1 GiB, 16 passes, 8 lanes.
        var areAllowed: Bool {
            (1...8).contains(parallelism) && (1...16).contains(iterations)
                && (8 * parallelism...1 << 20).contains(memoryKiB)
        }
    }
}
