import Foundation

/// What speaks for an answer being right, whether it is given or not.
///
/// Numbers that do not grow with the number of documents, so that what was learned on one knowledge base can say
/// something about another.
public struct AnswerEvidence: Sendable, Hashable, Codable {
  /// Cosine of the question and the title of the answer's document: a FAQ's question.
  public var title: Double?
  /// Cosine of the question and the nearest sentence of an extract.
  public var sentence: Double?
  /// Share of the question's term weight (idf) in that sentence, 0-1; of a FAQ's entry, in all of it.
  public var overlap: Double?
  /// What the cross-encoder says of the question and the answer under its document's title.
  public var relevance: Double?

  public init(title: Double? = nil, sentence: Double? = nil, overlap: Double? = nil, relevance: Double? = nil)
  {
    self.title = title
    self.sentence = sentence
    self.overlap = overlap
    self.relevance = relevance
  }
}
