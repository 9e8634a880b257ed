import Domain
import Foundation
import Security

extension SearchEngine {
  /// Checks citations against the store.
  ///
  /// What the caller may not see reads `forged`, as if it had never been there: else, asked byte by byte, this would
  /// spell out any document.
  ///
  /// - Returns: a status per citation, in order.
  public func verify(
    _ citations: [Citation], as principal: Principal = .operatorOfMachine
  ) async throws -> [CitationStatus] {
    var statuses: [CitationStatus] = []
    statuses.reserveCapacity(citations.count)
    for citation in citations { statuses.append(try await verify(citation, as: principal)) }
    return statuses
  }

  private func verify(_ citation: Citation, as principal: Principal) async throws -> CitationStatus {
    guard Digest.hex(Digest.sha256(Data(citation.quote.utf8))) == citation.sha256.lowercased(),
      let document = DocumentID(citation.documentID), citation.version > 0
    else { return .forged }
    switch try await store.version(citation.version, of: document) {
    case .purged: return .purged
    case .unknown: return .forged
    case .found(let version):
      guard version.externalID == citation.externalID, 0 <= citation.startByte,
        citation.startByte <= citation.endByte,
        let text = version.text.slice(ByteSpan(start: citation.startByte, end: citation.endByte)),
        // Bytes, not canonical equivalence: a quote is exact.
        text.utf8.elementsEqual(citation.quote.utf8),
        try await mayRead(citation.version, of: document, principal)
      else { return .forged }
      return version.isCurrent ? .valid : .changed
    }
  }

  private func mayRead(_ version: Int, of document: DocumentID, _ principal: Principal) async throws -> Bool {
    if principal.viewer == .all, principal.knowledgeBases.isEmpty { return true }
    guard let audience = try await store.audience(ofVersion: version, of: document) else { return false }
    return principal.mayReach(kb: audience.knowledgeBase)
      && audience.visibilities.allSatisfy(principal.viewer.maySee)
  }
}
