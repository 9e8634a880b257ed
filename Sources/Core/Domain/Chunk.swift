import Foundation

/// A vector in IEEE half precision, as the store and the index keep it.
public struct HalfVector: Hashable, Sendable {
  /// Bit patterns, one per dimension.
  public let bits: [UInt16]
  public init(bits: [UInt16]) { self.bits = bits }
  public init(_ values: [Float]) { bits = values.map { Float16($0).bitPattern } }
  public var dimension: Int { bits.count }
  public var floats: [Float] { bits.map { Float(Float16(bitPattern: $0)) } }
}

/// Addresses a vector by what was embedded: equal texts share one.
public struct VectorKey: Hashable, Sendable {
  public let model: String
  /// sha256 of the embedded text's UTF-8 bytes, 32 bytes.
  public let textHash: Data
  public init(model: String, textHash: Data) {
    self.model = model
    self.textHash = textHash
  }
}

/// A chunk on its way in: a piece of a document's text that is found and cited as one.
public struct ChunkDraft: Hashable, Sendable {
  /// Place in the document, from 0.
  public let ordinal: Int
  /// Headings above it, outermost first, without the document's title.
  public let headingPath: [String]
  /// Where its body stands in the document's text.
  public let span: ByteSpan
  public let text: String
  /// Texts to embed (title + headings + body, further phrasings); a chunk is as near as its nearest.
  public let embeddedTexts: [String]

  public init(ordinal: Int, headingPath: [String], span: ByteSpan, text: String, embeddedTexts: [String]) {
    self.ordinal = ordinal
    self.headingPath = headingPath
    self.span = span
    self.text = text
    self.embeddedTexts = embeddedTexts
  }
}

/// A stored chunk with what the index needs of its document.
public struct IndexableChunk: Sendable {
  public let id: ChunkID
  public let headingPath: [String]
  public let text: String
  /// In the order of `ChunkDraft.embeddedTexts`; empty where the knowledge base has no model.
  public let vectors: [HalfVector]
  public init(id: ChunkID, headingPath: [String], text: String, vectors: [HalfVector]) {
    self.id = id
    self.headingPath = headingPath
    self.text = text
    self.vectors = vectors
  }
}

/// A chunk as it is returned: text, place and document, enough to show and to cite.
public struct Passage: Hashable, Sendable {
  public let chunk: ChunkID
  public let ordinal: Int
  public let headingPath: [String]
  public let span: ByteSpan
  public let text: String
  public let document: DocumentRecord
  public init(
    chunk: ChunkID, ordinal: Int, headingPath: [String], span: ByteSpan, text: String,
    document: DocumentRecord
  ) {
    self.chunk = chunk
    self.ordinal = ordinal
    self.headingPath = headingPath
    self.span = span
    self.text = text
    self.document = document
  }
}
