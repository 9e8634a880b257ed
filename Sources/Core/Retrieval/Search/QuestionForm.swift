/// Whether an English text is worded as a question.
enum QuestionForm {
  private static let openings: Set<String> = [
    "what", "which", "who", "whom", "whose", "when", "where", "why", "how", "is", "are", "was", "were", "do",
    "does",
    "did", "can", "could", "should", "would", "will", "may", "must", "has", "have",
  ]

  static func matches(_ text: String) -> Bool {
    if text.last(where: { !$0.isWhitespace }) == "?" { return true }
    return text.split(whereSeparator: { !$0.isLetter }).first.map { openings.contains($0.lowercased()) }
      ?? false
  }
}
