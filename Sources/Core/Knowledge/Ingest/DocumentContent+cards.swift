import Domain
import Security

extension ExternalID {
  /// Masked, an id would no longer be the one that its owner asks by.
  ///
  /// - Throws: `invalid_document` where it holds a payment card number.
  static func requireNoCard(_ id: String) throws {
    guard CardMask.masked(id) == id else {
      throw KnowledgeError(
        .invalidDocument, "The id holds a payment card number, which is never stored; choose another id.")
    }
  }
}

extension DocumentContent {
  /// As it may be stored: without payment card numbers. Byte ranges of `text` stay what they were.
  var withoutCards: DocumentContent {
    var content = self
    content.title = CardMask.masked(title)
    content.text = CardMask.masked(text)
    content.questions = questions.map(CardMask.masked)
    content.url = url.map(CardMask.masked)
    content.tags = tags.map(CardMask.masked)
    content.attributes = Dictionary(
      attributes.map { (CardMask.masked($0.key), CardMask.masked($0.value)) }, uniquingKeysWith: { $1 })
    if case .groups(let names) = visibility { content.visibility = .groups(names.map(CardMask.masked)) }
    return content
  }
}

extension Block {
  var withoutCards: Block {
    guard case .heading(let level, let text) = kind else { return self }
    return Block(kind: .heading(level: level, text: CardMask.masked(text)), span: span)
  }
}

extension DocumentLinks {
  var withoutCards: DocumentLinks {
    DocumentLinks(
      outgoing: outgoing.map { DocumentLink(target: CardMask.masked($0.target), line: $0.line) },
      anchors: anchors?.map(CardMask.masked))
  }
}
