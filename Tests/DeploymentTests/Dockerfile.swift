import Foundation

/// The instructions of the repository's Dockerfile, stage by stage.
struct Dockerfile {
    /// One instruction, its continued lines joined.
    struct Instruction {
        let name: String
        let arguments: String

        /// The words of its arguments; of the JSON form its elements.
        var words: [String] {
            if arguments.hasPrefix("["),
                let list = try? JSONDecoder().decode([String].self, from: Data(arguments.utf8))
            {
                return list
            }
            return arguments.split(whereSeparator: \.isWhitespace).map { String($0) }
        }
    }

    /// What stands between one FROM and the next.
    struct Stage {
        let image: String
        let name: String?
        var instructions: [Instruction] = []

        /// The last instruction of this name.
        func last(_ name: String) -> Instruction? { instructions.last { $0.name == name } }

        /// The environment that it sets.
        var environment: [String: String] {
            let pairs = instructions.filter { $0.name == "ENV" }.flatMap(\.words).compactMap { word in
                word.firstIndex(of: "=").map { (String(word[..<$0]), String(word[word.index(after: $0)...])) }
            }
            return Dictionary(pairs) { $1 }
        }
    }

    let stages: [Stage]

    init() throws {
        var stages: [Stage] = []
        for instruction in Self.instructions(try Repository.text("Dockerfile")) {
            if instruction.name == "FROM" {
                let words = instruction.words
                stages.append(Stage(image: words[0], name: words.count == 3 ? words[2] : nil))
            } else if stages.isEmpty {
                throw DeploymentFailure("\(instruction.name) stands before the first FROM")
            } else {
                stages[stages.count - 1].instructions.append(instruction)
            }
        }
        self.stages = stages
    }

    /// The stage that becomes the image.
    var image: Stage {
        get throws {
            guard let last = stages.last else { throw DeploymentFailure("the Dockerfile has no FROM") }
            return last
        }
    }

    /// The healthcheck's command line.
    var healthcheck: [String] {
        get throws {
            let text = try image.last("HEALTHCHECK")?.arguments ?? ""
            guard let command = text.range(of: "CMD ") else { throw DeploymentFailure("there is no HEALTHCHECK") }
            return Instruction(name: "CMD", arguments: String(text[command.upperBound...])).words
        }
    }

    private static func instructions(_ text: String) -> [Instruction] {
        let lines = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }
        let joined = lines.joined(separator: "\n").replacing("\\\n", with: " ")
        return joined.split(separator: "\n").map { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            let rest = parts.count > 1 ? String(parts[1]) : ""
            return Instruction(name: String(parts[0]), arguments: rest.trimmingCharacters(in: .whitespaces))
        }
    }
}
