import ArgumentParser
import Domain
import Foundation
import Knowledge

/// One document: its versions, what changed, and who reads it when.
struct DocumentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doc",
    abstract: "Show, compare, restore, publish and take back the versions of a document.",
    discussion: """
      What is published later keeps what readers see until then. Dates are RFC 3339 times, or days, which are \
      their first moment in UTC.
      """,
    subcommands: [
      Versions.self, Show.self, Diff.self, Restore.self, Publish.self, Unpublish.self, Archive.self,
    ])

  struct Versions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the versions of a document, newest first.")
    @OptionGroup var target: DocumentTarget
    @Option(help: "How many at most.") var limit = 100
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      guard limit > 0 else { throw UsageError("--limit is 1 or more.") }
      let versions = try await target.workspace(global).closing { workspace in
        try await workspace.applyDue()
        let kb = try await workspace.knowledgeBase(target.kb)
        return try await workspace.store.versions(of: target.id, in: kb.id, before: nil, limit: limit)
      }
      guard !versions.isEmpty else { throw target.notFound }
      if global.json { return try Console.json(["versions": versions.map(VersionEntry.init)]) }
      for version in versions {
        var notes = [version.publication.status.rawValue]
        if version.isLive { notes.append("live") }
        if let date = version.publication.publishAt { notes.append("from \(date.formatted(.iso8601))") }
        if let date = version.publication.expiresAt { notes.append("until \(date.formatted(.iso8601))") }
        if let author = version.author { notes.append("by \(author)") }
        print(
          "\(version.version)\t\(version.createdAt.formatted(.iso8601))\t\(notes.joined(separator: ", "))\t\(version.title)"
        )
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the text of a version.")
    @OptionGroup var target: DocumentTarget
    @Option(help: "A version; the newest where left out.") var version: Int?
    @OptionGroup var global: GlobalOptions

    private struct Entry: Encodable {
      let version: VersionEntry
      let text: String
    }

    func run() async throws {
      let kept = try await target.workspace(global).closing { workspace in
        let kb = try await workspace.knowledgeBase(target.kb)
        let newest = try await workspace.store.versions(of: target.id, in: kb.id, before: nil, limit: 1).first
        guard let number = version ?? newest?.version else { throw target.notFound }
        return try await workspace.store.keptVersion(number, of: target.id, in: kb.id)
      }
      guard let kept else { throw target.notFound }
      if global.json {
        try Console.json(Entry(version: VersionEntry(kept.record), text: kept.text))
      } else {
        print(kept.text)
      }
    }
  }

  struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Compare two versions.",
      discussion: "Without --from: what readers see with the newest, or the newest with the one before it.")
    @OptionGroup var target: DocumentTarget
    @Option(help: "The older version.") var from: Int?
    @Option(help: "The newer version; the newest where left out.") var to: Int?
    @OptionGroup var global: GlobalOptions

    private struct Entry: Encodable {
      let from: VersionEntry
      let to: VersionEntry
      let changes: [VersionDiff.FieldChange]
      let diff: String
    }

    func run() async throws {
      let diff = try await target.workspace(global).closing { workspace in
        try await workspace.ingest.diff(of: target.id, in: target.kb, from: from, to: to)
      }
      if global.json {
        return try Console.json(
          Entry(
            from: VersionEntry(diff.from), to: VersionEntry(diff.to), changes: diff.changes,
            diff: diff.text.text))
      }
      for change in diff.changes { print("\(change.field): \(change.from.shown) -> \(change.to.shown)") }
      print(diff.text.text.isEmpty ? "The text is the same." : diff.text.text, terminator: "")
      if diff.text.text.isEmpty { print() }
    }
  }

  struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write an old version once more, as the newest one.")
    @OptionGroup var target: DocumentTarget
    @Argument(help: "The version.") var version: Int
    @Option(help: "draft, published or archived; as it is where left out.") var status: DocumentStatus?
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let receipt = try await target.workspace(global).closing { workspace in
        try await workspace.record("document.restore", target.audited)
        let receipt = try await workspace.ingest.restore(
          version, of: target.id, in: target.kb, publication: PublicationChange(status: status),
          author: workspace.author)
        try await workspace.bringIndexUpToDate(target.kb)
        return receipt
      }
      try DocumentState.show(receipt.record, receipt.generation, global)
    }
  }

  struct Publish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Publish the newest version, now or at a time.")
    @OptionGroup var target: DocumentTarget
    @Option(help: "When; at once where left out.") var at: String?
    @Option(help: "When readers find it no more; 'never' clears it.") var until: String?
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      var change = PublicationChange()
      if let at { change.publishAt = .set(try Self.date(at, "--at")) }
      if let until {
        change.expiresAt = until == "never" ? .clear : .set(try Self.date(until, "--until"))
      }
      try await act("publish", .publish(change), target, global)
    }

    private static func date(_ text: String, _ option: String) throws -> Date {
      guard let date = Moment.parse(text) else {
        throw UsageError("\(option) takes 2026-12-31 or 2026-12-31T18:00:00+01:00, not '\(text)'.")
      }
      return date
    }
  }

  struct Unpublish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a document back: readers find nothing of it, and it is a draft.")
    @OptionGroup var target: DocumentTarget
    @OptionGroup var global: GlobalOptions
    func run() async throws { try await act("unpublish", .unpublish, target, global) }
  }

  struct Archive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Archive a document: readers find nothing of it until it is published again.")
    @OptionGroup var target: DocumentTarget
    @OptionGroup var global: GlobalOptions
    func run() async throws { try await act("archive", .archive, target, global) }
  }

  private static func act(
    _ name: String, _ act: PublicationAct, _ target: DocumentTarget, _ global: GlobalOptions
  ) async throws {
    let receipt = try await target.workspace(global).closing { workspace in
      try await workspace.record("document." + name, target.audited)
      let receipt = try await workspace.ingest.act(act, on: target.id, in: target.kb)
      try await workspace.bringIndexUpToDate(target.kb)
      return receipt
    }
    try DocumentState.show(receipt.record, receipt.generation, global)
  }
}

extension DocumentStatus: ExpressibleByArgument {}

extension VersionDiff.FieldValue {
  /// As a person reads it.
  fileprivate var shown: String {
    switch self {
    case .none: "(none)"
    case .text(let text): text
    case .list(let list): list.joined(separator: ", ")
    }
  }
}
