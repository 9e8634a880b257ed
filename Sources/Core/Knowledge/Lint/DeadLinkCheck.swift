import Domain
import Foundation

/// Finds links to documents, and to places in documents, that are not there. Nothing is fetched.
struct DeadLinkCheck {
  private let documents: [LintDocument]
  private let addresses: AddressBook

  init(_ documents: [LintDocument]) {
    self.documents = documents
    addresses = AddressBook(documents)
  }

  /// - Returns: also how many links were looked at: those that could lead to a document here.
  func findings() -> (findings: [LintFinding], checked: Int) {
    let links = documents.indices.flatMap { d in
      (documents[d].links?.outgoing ?? []).map {
        (document: d, link: $0, resolution: resolve($0.target, from: d))
      }
    }
    var balance: [String: Int] = [:]
    for case .found(let folder?) in links.map(\.resolution) { balance[folder, default: 0] += 1 }
    for case .noDocument(_, let folder?) in links.map(\.resolution) { balance[folder, default: 0] -= 1 }
    var findings: [LintFinding] = []
    var checked = 0
    for (d, link, resolution) in links {
      switch resolution {
      case .notChecked: continue
      case .found: break
      case .noDocument(_, let folder?) where balance[folder, default: 0] < 0: continue
      case .noDocument(let path, _): findings.append(noDocument(link, path: path, in: documents[d]))
      case .noAnchor(let target): findings.append(noAnchor(link, target: target, in: documents[d]))
      }
      checked += 1
    }
    return (findings, checked)
  }

  // MARK: where a link leads

  private enum Resolution {
    /// Outside, or of a kind that no document is of.
    case notChecked
    /// The folders are those of sites, where links are judged by how many of their folder find a document.
    case found(folder: String?)
    case noDocument(path: String, folder: String?)
    case noAnchor(Int)
  }

  private func resolve(_ target: String, from d: Int) -> Resolution {
    let document = documents[d]
    guard let link = LinkTarget(target) else { return .notChecked }
    guard !link.path.isEmpty else {
      return LinkTarget.isAnchor(link.fragment) ? anchor(link.fragment, in: [d], folder: nil) : .notChecked
    }
    var folder: String?
    let coverage = addresses.coverage(link, from: document.record)
    if case .likeOthers(let site) = coverage { folder = site }
    let named = addresses.documents(named: link, from: document.record)
    if !named.isEmpty {
      return named.isEntry ? .found(folder: folder) : anchor(link.fragment, in: named.indices, folder: folder)
    }
    return coverage == .no ? .notChecked : .noDocument(path: link.path, folder: folder)
  }

  private func anchor(_ fragment: String, in candidates: [Int], folder: String?) -> Resolution {
    // What a file of entries, or one of several homonyms, holds is not known.
    guard candidates.count == 1, let target = candidates.first, documents[target].record.kind == .article,
      let anchors = documents[target].links?.anchors, LinkTarget.isAnchor(fragment)
    else { return .found(folder: folder) }
    let wanted = LinkTarget.folded(fragment)
    let known = Set(anchors.flatMap { [LinkTarget.folded($0), LinkTarget.folded($0.dropFirstDigits)] })
    let first = LinkTarget.folded(fragment.withoutCount)
    return known.contains(wanted) || known.contains(first) ? .found(folder: folder) : .noAnchor(target)
  }

  // MARK: findings

  private func place(_ link: DocumentLink, _ document: LintDocument) -> LintPlace {
    var place = LintPlace(document.record)
    place.line = link.line
    place.quote = link.target
    return place
  }

  private func noDocument(_ link: DocumentLink, path: String, in document: LintDocument) -> LintFinding {
    let namesake = addresses.only(fileName: path).map { documents[$0].record }
    return LintFinding(
      code: .deadLink, document: place(link, document), other: namesake.map { LintPlace($0) },
      message: "The link “\(link.target)” leads to no document of this knowledge base.",
      remedy: namesake.map { "Did it mean “\($0.externalID)”? Else remove the link." }
        ?? "Mend or remove the link, or ingest the document that it leads to.")
  }

  private func noAnchor(_ link: DocumentLink, target: Int, in document: LintDocument) -> LintFinding {
    LintFinding(
      code: .deadLink, document: place(link, document), other: LintPlace(documents[target].record),
      message: "The link “\(link.target)” names a place that the document has not.",
      remedy: "Name a heading that is there, or link to the document as a whole.")
  }
}

/// A link within a site, taken apart.
struct LinkTarget {
  /// Without query and fragment, percent-encoding resolved; empty for a place in the document itself.
  let path: String
  let fragment: String

  /// Nil for what leads outside: another site, a mail address, a script.
  init?(_ target: String) {
    guard !target.hasPrefix("//"), !Self.hasScheme(target) else { return nil }
    let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts.first?.prefix { $0 != "?" } ?? ""
    // A query alone, or a placeholder of a template.
    guard !path.isEmpty || parts.count > 1, !target.contains("{"), !target.contains("<") else { return nil }
    let decoded = String(path).removingPercentEncoding ?? String(path)
    // As written on Windows; browsers read it so.
    self.path = decoded.replacing("\\", with: "/")
    fragment = parts.count > 1 ? String(parts[1]) : ""
  }

  private static func hasScheme(_ target: String) -> Bool {
    guard let colon = target.firstIndex(of: ":") else { return false }
    return target[..<colon].allSatisfy { $0.isLetter || $0.isNumber || "+-.".contains($0) }
  }

  /// Whether a fragment means a place: not a tab, a line, the top, or a route of a script.
  static func isAnchor(_ fragment: String) -> Bool {
    let name = fragment.lowercased()
    guard name != "top", !folded(name).isEmpty else { return false }
    let isLine = name.hasPrefix("l") && name.dropFirst().allSatisfy { $0.isNumber || $0 == "-" || $0 == "l" }
    return !isLine && !["tab/", "/", "!", ":~:", "page="].contains { name.hasPrefix($0) }
  }

  /// Letters and digits in lower case: site generators make their anchors of headings in many ways.
  static func folded(_ anchor: String) -> String {
    let text = anchor.removingPercentEncoding ?? anchor
    return String(text.lowercased().filter { $0.isLetter || $0.isNumber })
  }
}

extension String {
  /// Without `-1`, which tells equal headings apart.
  fileprivate var withoutCount: String {
    guard let dash = lastIndex(where: { $0 == "-" || $0 == "_" }), index(after: dash) < endIndex,
      self[index(after: dash)...].allSatisfy(\.isNumber)
    else { return self }
    return String(self[..<dash])
  }

  /// Some generators leave the number of a heading out.
  fileprivate var dropFirstDigits: String { String(drop { $0.isNumber || $0 == "." || $0 == " " }) }
}
