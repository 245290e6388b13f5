/// The names a log goes by: its own, and with `/2`, `/3`, … behind it after each accepted rollback.
public enum Origin {
    /// The name without the number of its history, and that number, 1 for the first.
    public static func parts(_ origin: String) -> (name: String, number: Int) {
        guard let slash = origin.lastIndex(of: "/"), let number = Int(origin[origin.index(after: slash)...]),
            number > 1,
            origin[origin.index(after: slash)...] == String(number), slash != origin.startIndex
        else { return (origin, 1) }
        return (String(origin[..<slash]), number)
    }

    /// The name that follows when another history begins.
    public static func next(after origin: String) -> String {
        let (name, number) = parts(origin)
        return "\(name)/\(number + 1)"
    }

    /// Tells whether `other` is this origin or one that the same log had before.
    public static func isOf(log origin: String, _ other: String) -> Bool {
        if origin == other { return true }
        let (mine, theirs) = (parts(origin), parts(other))
        return mine.name == theirs.name && theirs.number < mine.number
    }
}
