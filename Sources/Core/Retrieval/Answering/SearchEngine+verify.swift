import Domain
import Foundation
import Security

extension SearchEngine {
  /// Checks citations against the store.
  ///
  /// - Returns: a status per citation, in order.
  public func verify(_ citations: [Citation]) async throws -> [CitationStatus] {
    var statuses: [CitationStatus] = []
    statuses.reserveCapacity(citations.count)
    for citation in citations { statuses.append(try await verify(citation)) }
    return statuses
  }

  private func verify(_ citation: Citation) async throws -> CitationStatus {
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
        text.utf8.elementsEqual(citation.quote.utf8)
      else { return .forged }
      return version.isCurrent ? .valid : .changed
    }
  }
}
