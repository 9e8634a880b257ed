import Domain

/// Finds passages of different documents that say the same in the same, or nearly the same, words.
///
/// Candidates come from sketches (`MinHash`), so that the work grows with the passages, not with their pairs;
/// each candidate is then measured exactly by the shingles both have. Vectors have no part in it: they are near
/// for what is about the same, and an editor is told only of what is worded the same.
struct DuplicateCheck {
  /// Shared runs of three words over all, from which passages are nearly the same.
  var threshold = 0.75
  /// Shorter passages repeat each other by nature.
  var minWords = 20

  private struct Text {
    let document: Int
    let passage: Int
    let words: [UInt64]
  }

  func findings(_ documents: [LintDocument]) -> [LintFinding] {
    var groups: [UInt64: [Text]] = [:]
    var order: [UInt64] = []
    for (d, document) in documents.enumerated() {
      for (p, passage) in document.passages.enumerated() {
        let words = LintWord.words(of: passage.text[...]).map { MinHash.hash($0.key) }
        guard words.count >= minWords else { continue }
        let hash = words.reduce(0, MinHash.combine)
        if groups[hash] == nil { order.append(hash) }
        groups[hash, default: []].append(Text(document: d, passage: p, words: words))
      }
    }
    let distinct = order.compactMap { groups[$0] }
    return duplicates(distinct, documents) + nearDuplicates(distinct, documents)
  }

  // MARK: the same

  /// One finding for each set of documents, however many passages they share.
  private func duplicates(_ groups: [[Text]], _ documents: [LintDocument]) -> [LintFinding] {
    var shared: [[Int]: [Text]] = [:]
    var order: [[Int]] = []
    for group in groups {
      let owners = Set(group.map(\.document)).sorted()
      guard owners.count > 1 else { continue }
      if shared[owners] == nil { order.append(owners) }
      if let text = group.first { shared[owners, default: []].append(text) }
    }
    return order.compactMap { owners in
      guard let texts = shared[owners], let text = texts.first else { return nil }
      let (first, second) = (documents[owners[0]], documents[owners[1]])
      let passage = first.passages[text.passage]
      let what = texts.count == 1 ? "The same passage stands" : "The same \(texts.count) passages stand"
      let faq = owners.allSatisfy { documents[$0].record.kind == .faq }
      return LintFinding(
        code: .duplicate, document: LintPlace(first, passage, quote: passage.text),
        other: LintPlace(second.record),
        also: owners.dropFirst(2).prefix(LintFinding.maxAlso).map { documents[$0].record.externalID },
        message: "\(what) in \(owners.count) documents.",
        remedy: faq
          ? "Keep one entry, and add the other questions to it as further phrasings."
          : "Keep the text in one document and link to it from the others, or remove the copies.")
    }
  }

  // MARK: nearly the same

  /// Two different wordings that are nearly the same.
  private struct Match {
    let first: Int
    let second: Int
    let resemblance: Double
  }

  /// One finding for each set of documents whose passages resemble each other, by the two that do so most.
  private func nearDuplicates(_ groups: [[Text]], _ documents: [LintDocument]) -> [LintFinding] {
    let matches = matches(groups)
    var families = DisjointSets(groups.count)
    for match in matches { families.join(match.first, match.second) }
    var members: [Int: Set<Int>] = [:]
    for match in matches {
      let owners = (groups[match.first] + groups[match.second]).map(\.document)
      members[families.root(of: match.first), default: []].formUnion(owners)
    }
    var shared: [[Int]: (best: Match, families: Set<Int>)] = [:]
    for match in matches {
      let family = families.root(of: match.first)
      let owners = members[family, default: []].sorted()
      var entry = shared[owners] ?? (match, [])
      entry.families.insert(family)
      if match.resemblance > entry.best.resemblance { entry.best = match }
      shared[owners] = entry
    }
    return shared.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { owners, found in
      nearDuplicate(owners, found.best, count: found.families.count, groups, documents)
    }
  }

  private func matches(_ groups: [[Text]]) -> [Match] {
    let shingles = groups.map { MinHash.shingles(of: $0[0].words, width: 3) }
    return MinHash(bands: 20, rows: 5).candidatePairs(of: shingles)
      .sorted { ($0.first, $0.second) < ($1.first, $1.second) }
      .compactMap { pair in
        guard Set((groups[pair.first] + groups[pair.second]).map(\.document)).count > 1 else { return nil }
        let resemblance = MinHash.resemblance(shingles[pair.first], shingles[pair.second])
        guard resemblance >= threshold else { return nil }
        return Match(first: pair.first, second: pair.second, resemblance: resemblance)
      }
  }

  private func nearDuplicate(
    _ owners: [Int], _ best: Match, count: Int, _ groups: [[Text]], _ documents: [LintDocument]
  ) -> LintFinding? {
    let first = groups[best.first][0]
    guard let second = groups[best.second].first(where: { $0.document != first.document }) else { return nil }
    let (a, b) = (documents[first.document], documents[second.document])
    let percent = Int((best.resemblance * 100).rounded(.down))
    let what = count == 1 ? "A passage is" : "\(count) passages are"
    let others = owners.filter { $0 != first.document && $0 != second.document }
    return LintFinding(
      code: .nearDuplicate,
      document: LintPlace(a, a.passages[first.passage], quote: a.passages[first.passage].text),
      other: LintPlace(b, b.passages[second.passage], quote: b.passages[second.passage].text),
      also: others.prefix(LintFinding.maxAlso).map { documents[$0].record.externalID },
      message:
        "\(what) nearly the same in \(owners.count) documents; these two share \(percent) % of their wording.",
      remedy: "Merge them, or say in each what sets it apart, so that a question finds the right one.")
  }
}
