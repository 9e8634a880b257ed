import Domain
import Foundation
import Retrieval

/// Documents, questions and judgements on disk, as the contract lays them out.
public struct EvaluationSet: Sendable {
  public struct Query: Sendable {
    public let id: String
    public let text: String
    public let history: [HistoryTurn]
    /// Strings of which one must stand in a right answer; nil where the set carries none.
    public let answers: [String]?
    /// Nil where the set does not say.
    public let answerable: Bool?
  }

  public enum Corpus: Sendable {
    /// Documents under their own ids.
    case documents([(id: String, content: DocumentContent)])
    /// A folder to be ingested as a user would.
    case folder(URL)
  }

  public let corpus: Corpus
  public let queries: [Query]
  /// Grades by query and document; only positive ones are relevant.
  public let judgements: [String: [String: Int]]

  public var hasAnswers: Bool { queries.contains { $0.answers != nil || $0.answerable != nil } }

  /// Reads `corpus.jsonl` (or the folder that `corpus.path` names), `queries.jsonl` and `qrels.tsv`.
  ///
  /// - Throws: `evaluation_set_not_found`, `evaluation_set_invalid` with file and line.
  public init(folder: URL) throws(EvaluationError) {
    let corpusFile = folder.appendingPathComponent("corpus.jsonl")
    let pathFile = folder.appendingPathComponent("corpus.path")
    if FileManager.default.fileExists(atPath: corpusFile.path) {
      corpus = .documents(try Self.documents(corpusFile))
    } else if let path = try? String(contentsOf: pathFile, encoding: .utf8) {
      let relative = path.trimmingCharacters(in: .whitespacesAndNewlines)
      corpus = .folder(folder.appendingPathComponent(relative).standardizedFileURL)
    } else {
      throw EvaluationError(
        .setNotFound,
        "'\(folder.path)' has neither corpus.jsonl nor corpus.path; an evaluation set also needs "
          + "queries.jsonl and qrels.tsv.")
    }
    queries = try Self.queries(folder.appendingPathComponent("queries.jsonl"))
    judgements = try Self.judgements(folder.appendingPathComponent("qrels.tsv"))
  }

  private static func lines(_ file: URL) throws(EvaluationError) -> [(number: Int, bytes: Data)] {
    guard let data = try? Data(contentsOf: file) else {
      throw EvaluationError(.setNotFound, "There is no readable '\(file.lastPathComponent)' in the set.")
    }
    var lines: [(Int, Data)] = []
    var number = 0
    for line in data.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      let bytes = line.last == 0x0D ? line.dropLast() : line
      if !bytes.isEmpty { lines.append((number, Data(bytes))) }
    }
    return lines
  }

  private static func objects(_ file: URL) throws(EvaluationError) -> [(number: Int, object: [String: Any])] {
    var objects: [(Int, [String: Any])] = []
    for (number, bytes) in try lines(file) {
      guard let object = (try? JSONSerialization.jsonObject(with: bytes)) as? [String: Any] else {
        throw invalid(file, number, "is not a JSON object")
      }
      objects.append((number, object))
    }
    return objects
  }

  private static func invalid(_ file: URL, _ line: Int, _ what: String) -> EvaluationError {
    EvaluationError(.setInvalid, "\(file.lastPathComponent) line \(line) \(what).")
  }

  private static func documents(_ file: URL) throws(EvaluationError) -> [(
    id: String, content: DocumentContent
  )] {
    var documents: [(String, DocumentContent)] = []
    for (number, object) in try objects(file) {
      guard let id = object["_id"] as? String, !id.isEmpty else { throw invalid(file, number, "has no _id") }
      var attributes: [String: String] = [:]
      for (key, value) in object where !["_id", "title", "text"].contains(key) {
        if let value = value as? String { attributes[key] = value }
      }
      documents.append(
        (
          id,
          DocumentContent(
            title: object["title"] as? String ?? "", text: object["text"] as? String ?? "",
            attributes: attributes)
        ))
    }
    return documents
  }

  private static func queries(_ file: URL) throws(EvaluationError) -> [Query] {
    var queries: [Query] = []
    for (number, object) in try objects(file) {
      guard let id = object["_id"] as? String, let text = object["text"] as? String else {
        throw invalid(file, number, "has no _id or no text")
      }
      let history = (object["history"] as? [[String: Any]] ?? []).compactMap(Self.turn)
      queries.append(
        Query(
          id: id, text: text, history: history, answers: object["answers"] as? [String],
          answerable: object["answerable"] as? Bool))
    }
    return queries
  }

  /// Sets on disk say `speaker`, requests say `role`.
  private static func turn(_ object: [String: Any]) -> HistoryTurn? {
    guard let text = object["text"] as? String,
      let speaker = object["role"] as? String ?? object["speaker"] as? String
    else { return nil }
    let isCustomer = ["customer", "user", "u"].contains(speaker.lowercased())
    return HistoryTurn(role: isCustomer ? .customer : .assistant, text: text)
  }

  private static func judgements(_ file: URL) throws(EvaluationError) -> [String: [String: Int]] {
    var judgements: [String: [String: Int]] = [:]
    for (number, bytes) in try lines(file) {
      let fields = String(decoding: bytes, as: UTF8.self).split(
        separator: "\t", omittingEmptySubsequences: false)
      guard fields.count >= 3 else { throw invalid(file, number, "needs query-id, corpus-id and score") }
      guard let grade = Int(fields[2]) else {
        if number == 1 { continue }
        throw invalid(file, number, "has a score that is no whole number")
      }
      judgements[String(fields[0]), default: [:]][String(fields[1])] = grade
    }
    return judgements
  }
}
