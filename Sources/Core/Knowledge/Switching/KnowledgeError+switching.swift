import Domain

extension KnowledgeError {
  static func switchInProgress(_ knowledgeBase: KnowledgeBase, _ found: ModelSwitch) -> KnowledgeError {
    let whatToDo =
      found.state == .embedding
      ? "Wait for it, or ask for \(knowledgeBase.model) to end it."
      : "It is almost done; try again in a moment."
    return KnowledgeError(
      .switchInProgress,
      "'\(knowledgeBase.name)' is being switched from \(found.previous) to \(found.model). \(whatToDo)")
  }
}
