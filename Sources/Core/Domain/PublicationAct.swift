/// What an editor asks of a document as a whole.
public enum PublicationAct: Hashable, Sendable {
  /// The newest version goes to readers, at once or when it is said.
  case publish(PublicationChange)
  /// What readers see is taken back and is a draft again.
  case unpublish
  case archive
}

public enum PublicationOutcome: Sendable {
  case done(DocumentRecord, generation: Generation)
  /// The store lacks these vectors; send them along.
  case vectorsMissing([VectorKey: String])
}
