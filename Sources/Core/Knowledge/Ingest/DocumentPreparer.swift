import Domain
import Embedding
import Foundation
import Security
import TextAnalysis

/// Makes of a document's content what the store takes: language, chunks, hashes. Pure, CPU only.
public struct DocumentPreparer: Sendable {
  private let chunker: Chunker
  private let detector = LanguageDetector()
  /// Changes when the same content gives other chunks.
  let version: String

  public init(tokens: TokenCounter, options: Chunker.Options) {
    let splitter = SentenceSplitter()
    chunker = Chunker(
      tokenCount: tokens.count, prefix: tokens.prefix,
      sentences: { splitter.sentences(in: $0, language: $1.map(Language.init(rawValue:))) }, options: options)
    version = "\(Chunker.version)/\(options)/\(tokens.id)"
  }

  /// Card numbers are masked here, through which everything comes that is stored of a document.
  ///
  /// - Parameter blocks: structure of `content.text`; nil where it is bare text.
  public func write(
    _ content: DocumentContent, blocks: [Block]?, links: DocumentLinks = DocumentLinks(), externalID: String,
    origin: DocumentOrigin?, publication: PublicationChange = .keep, author: String? = nil
  ) -> DocumentWrite {
    var content = content.withoutCards
    let blocks = blocks?.map(\.withoutCards)
    let links = links.withoutCards
    if content.language == nil {
      let sample = ([content.title] + content.questions + [Self.sample(of: content.text)]).joined(
        separator: "\n")
      content.language = detector.detect(sample)?.language.rawValue
    }
    let drafts = chunker.chunks(of: content, blocks: blocks ?? [])
    return DocumentWrite(
      externalID: externalID, content: content, contentHash: hash(of: content), origin: origin,
      links: links,
      chunks: drafts.map { draft in
        ChunkWrite(
          draft: draft, contentHash: Self.hash(of: draft),
          textHashes: draft.embeddedTexts.map { Digest.sha256(Data($0.utf8)) })
      }, publication: publication, author: author)
  }

  /// The beginning is enough to tell a language by.
  private static func sample(of text: String) -> String {
    String(decoding: text.utf8.prefix(4096), as: UTF8.self)
  }

  private func hash(of content: DocumentContent) -> Data {
    var hash = FieldHash()
    hash.add(version)
    hash.add(content.kind.rawValue)
    hash.add(content.title)
    hash.add(content.text)
    hash.add(content.questions)
    hash.add(content.url ?? "")
    hash.add(content.language ?? "")
    hash.add(content.tags)
    hash.add(content.attributes.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
    hash.add(content.visibility.description)
    return hash.finish()
  }

  private static func hash(of draft: ChunkDraft) -> Data {
    var hash = FieldHash()
    hash.add(draft.headingPath)
    hash.add(draft.text)
    hash.add(draft.embeddedTexts)
    return hash.finish()
  }
}

/// sha256 over length-prefixed fields, so that no two lists of fields run together.
struct FieldHash {
  private var bytes = Data()

  mutating func add(_ field: String) {
    withUnsafeBytes(of: UInt64(field.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: field.utf8)
  }

  mutating func add(_ fields: [String]) {
    withUnsafeBytes(of: UInt64(fields.count).littleEndian) { bytes.append(contentsOf: $0) }
    for field in fields { add(field) }
  }

  func finish() -> Data { Digest.sha256(bytes) }
}
