/// A first-in first-out queue that reuses its room.
struct Ring<Element> {
    private var slots: [Element?] = Array(repeating: nil, count: 16)
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var first: Element? { count == 0 ? nil : slots[head] }

    mutating func append(_ element: Element) {
        if count == slots.count {
            // The size stays a power of two, so that wrapping is a mask.
            var larger: [Element?] = []
            larger.reserveCapacity(count * 2)
            larger.append(contentsOf: slots[head...])
            larger.append(contentsOf: slots[..<head])
            larger.append(contentsOf: repeatElement(nil, count: count))
            slots = larger
            head = 0
        }
        slots[(head &+ count) & (slots.count &- 1)] = element
        count &+= 1
    }

    @discardableResult
    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = slots[head].take()
        head = (head &+ 1) & (slots.count &- 1)
        count &-= 1
        return element
    }

    /// All elements in their order; the queue is empty afterwards.
    mutating func removeAll() -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(count)
        while let element = popFirst() { elements.append(element) }
        return elements
    }

    func forEach(_ body: (Element) -> Void) {
        for index in 0..<count {
            if let element = slots[(head &+ index) & (slots.count &- 1)] { body(element) }
        }
    }
}
