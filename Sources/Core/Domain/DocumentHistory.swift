/// What was live when.
public protocol DocumentHistory: Sendable {
  /// - Throws: `as_of_unavailable` where the history does not reach so far, or the moment has not come.
  func moment(_ asOf: AsOf, of id: KnowledgeBaseID) async throws -> PastMoment
  /// The documents that were live at a moment, in the order of their ids, in pages, in one read transaction; what
  /// was purged since is not among them. Vectors are of `model`.
  func readPast(
    _ moment: PastMoment, model: String, pageSize: Int,
    apply: @escaping @Sendable ([PastDocument]) throws -> Void
  ) async throws
}
