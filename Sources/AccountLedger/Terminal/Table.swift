/// Rows under a heading: aligned on a terminal, separated by tabs elsewhere so that `cut` and `awk` can read them.
struct Table {
    let columns: [String]
    private(set) var rows: [[String]] = []

    init(_ columns: [String]) { self.columns = columns }

    mutating func append(_ row: [String]) { rows.append(row.map(printable)) }

    /// The lines of the table.
    func lines(isTerminal: Bool = Output.isTerminal, hasColour: Bool = Output.hasColour) -> [String] {
        guard isTerminal else { return rows.map { $0.joined(separator: "\t") } }
        let widths = columns.indices.map { column in
            ([columns] + rows).map { $0[column].count }.max() ?? 0
        }
        let heading = Style.bold(Self.aligned(columns, widths), hasColour: hasColour)
        return [heading] + rows.map { Self.aligned($0, widths) }
    }

    func print() { for line in lines() { Output.line(line) } }

    private static func aligned(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            line += cell
            if index < cells.count - 1 { line += String(repeating: " ", count: widths[index] - cell.count + 2) }
        }
        return line
    }
}
