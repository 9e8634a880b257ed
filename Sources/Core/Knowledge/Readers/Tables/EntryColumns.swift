/// Which column of a table, or key of a JSON object, holds what.
struct EntryColumns {
  enum Role: Hashable {
    case question, answer, answerHTML, phrasing
    /// Weaker names: with each other they make an article, with one of the above a FAQ entry.
    case title, body
    case id, tags, url, language, visibility
    /// By the key that front matter has for it.
    case publication(String)
    case attribute
  }

  let names: [String]
  let roles: [Role]

  init(_ names: [String]) {
    self.names = names.map { $0.trimmingSpaces }
    var roles = self.names.map { Self.role(of: $0) }
    // One column is the question; `question_1, question_2` are one and a further phrasing.
    for single in [Role.question, .answer, .answerHTML, .title, .body, .id, .url, .language, .visibility] {
      var seen = false
      for index in roles.indices where roles[index] == single {
        if seen { roles[index] = single == .question ? .phrasing : .attribute }
        seen = true
      }
    }
    if !roles.contains(.question), let first = roles.firstIndex(of: .phrasing) { roles[first] = .question }
    if !roles.contains(.answer), let html = roles.firstIndex(of: .answerHTML) { roles[html] = .answer }
    self.roles = roles
  }

  var hasQuestions: Bool { roles.contains(.question) }

  /// Whether each row is a question with its answer.
  var isFAQ: Bool {
    let question = roles.contains(.question)
    let answer = roles.contains(.answer)
    return (question && (answer || roles.contains(.body))) || (answer && roles.contains(.title))
  }

  /// Whether each row is an article of its own.
  var isArticles: Bool { !isFAQ && roles.contains(.title) && roles.contains(.body) }

  /// A role that a name carries by itself, whatever stands beside it.
  static func strongRole(of name: String) -> Role? {
    switch role(of: name) {
    case .question: .question
    case .answer, .answerHTML: .answer
    default: nil
    }
  }

  static func role(of name: String) -> Role {
    let words = words(name)
    let joined = words.joined(separator: "_")
    if joined == "frontdesk_visibility" { return .visibility }
    if DocumentMetadata.publicationKeys.contains(joined) { return .publication(joined) }
    if let role = exact[joined] { return role }
    if let last = words.last, let number = Int(last) {
      let stem = words.dropLast().joined(separator: "_")
      if exact[stem] == .question { return number <= 1 ? .question : .phrasing }
      if exact[stem] == .phrasing { return .phrasing }
    }
    let set = Set(words)
    guard set.isDisjoint(with: otherwise) else { return .attribute }
    if set.contains("question") { return furtherWords.isDisjoint(with: set) ? .question : .phrasing }
    if set.contains("questions") { return .phrasing }
    if set.contains("answer") { return set.contains("html") ? .answerHTML : .answer }
    return .attribute
  }

  /// Lowercase words of `question_1`, `Question 1`, `question1`, `answerHtml`.
  private static func words(_ name: String) -> [String] {
    var words: [String] = []
    var word = ""
    var last: Character = " "
    for character in name.prefix(100) {
      let isWord = character.isLetter || character.isNumber
      let turns =
        (character.isUppercase && last.isLowercase) || (character.isNumber && last.isLetter)
      if !isWord || turns, !word.isEmpty {
        words.append(word)
        word = ""
      }
      if isWord { word += character.lowercased() }
      last = character
    }
    if !word.isEmpty { words.append(word) }
    return words
  }

  private static let otherwise: Set<String> = [
    "id", "type", "count", "date", "author", "number", "no", "category", "url", "link", "score", "topic",
    "language", "lang", "tags", "status", "source", "by", "at",
  ]
  private static let furtherWords: Set<String> = [
    "alternative", "alternatives", "alt", "further", "similar", "other", "variant", "variants", "paraphrase",
    "paraphrased", "rephrased",
  ]

  private static let exact: [String: Role] = {
    var table: [String: Role] = [:]
    for name in [
      "question", "q", "faq", "prompt", "frage", "pregunta", "question_text", "domanda", "pergunta", "vraag",
      "pytanie", "otázka", "вопрос", "питання", "soru", "سؤال", "السؤال", "问题", "問題", "質問", "질문", "प्रश्न",
    ] { table[name] = .question }
    for name in [
      "answer", "a", "response", "reply", "antwort", "respuesta", "réponse", "reponse", "risposta",
      "resposta",
      "antwoord", "odpowiedź", "odpověď", "ответ", "відповідь", "cevap", "الجواب", "جواب", "答案", "回答", "答え",
      "답변", "उत्तर",
    ] { table[name] = .answer }
    for name in ["answer_html", "html_answer", "response_html"] { table[name] = .answerHTML }
    for name in [
      "questions", "phrasing", "phrasings", "further_phrasings", "alternative", "alternatives", "variant",
      "variants", "paraphrase", "paraphrases", "utterances", "synonyms", "alt_question", "alt_questions",
      "fragen", "preguntas", "variations", "variation", "rephrasings",
    ] { table[name] = .phrasing }
    for name in ["title", "subject", "headline", "heading", "titel", "titre", "título", "标题", "タイトル"] {
      table[name] = .title
    }
    for name in ["text", "body", "content", "article", "inhalt", "contenu", "contenido", "内容", "本文"] {
      table[name] = .body
    }
    for name in ["id", "faq_id", "question_id", "entry_id", "external_id", "slug", "uuid"] {
      table[name] = .id
    }
    for name in ["tags", "tag", "keywords", "labels", "schlagworte"] { table[name] = .tags }
    for name in ["url", "link", "source_url", "permalink", "href"] { table[name] = .url }
    for name in ["language", "lang", "locale", "sprache", "langue", "idioma"] { table[name] = .language }
    return table
  }()
}

extension String {
  var trimmingSpaces: String { Array(utf8).trimmed().string }
}
