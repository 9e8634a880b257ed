import Domain
import Foundation
import Security

extension Citation {
  /// Cites a piece of a document's current version.
  ///
  /// - Parameters:
  ///   - quote: exactly the text's bytes at `span`.
  init(quoting quote: String, at span: ByteSpan, of document: DocumentRecord) {
    self.init(
      documentID: document.id.description, externalID: document.externalID, title: document.title,
      url: document.url, version: document.version, startByte: span.start, endByte: span.end, quote: quote,
      sha256: Digest.hex(Digest.sha256(Data(quote.utf8))))
  }
}

extension Citation {
  init(_ sentence: AnswerComposer.Sentence) {
    self.init(quoting: sentence.text, at: sentence.span, of: sentence.passage.document)
  }
}
