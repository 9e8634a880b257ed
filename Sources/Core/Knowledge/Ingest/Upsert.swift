import Domain
import Foundation

/// A document as an app puts it: fields as JSON, or a file of any supported type.
public struct DocumentUpsert: Sendable {
  public enum Body: Sendable {
    /// `text` is taken as it is: paragraphs are parted by blank lines.
    case fields(DocumentContent)
    /// Bytes of a file; its type is sniffed, the media type is a hint.
    case file(Data, mediaType: String?)
  }
  public var knowledgeBase: String
  public var externalID: String
  public var body: Body
  /// Overrides what a file says of itself.
  public var visibility: Visibility?
  /// Who reads it when; overrides what a file says of itself, as far as it says something.
  public var publication: PublicationChange
  /// As audit entries name who acts.
  public var author: String?
  /// Where a file was fetched.
  public var source: WebSource?

  public init(
    knowledgeBase: String, externalID: String, body: Body, visibility: Visibility? = nil,
    publication: PublicationChange = .keep, author: String? = nil, source: WebSource? = nil
  ) {
    self.knowledgeBase = knowledgeBase
    self.externalID = externalID
    self.body = body
    self.visibility = visibility
    self.publication = publication
    self.author = author
    self.source = source
  }
}

/// A file's place on the web.
public struct WebSource: Sendable, Hashable {
  /// As readers are sent to it.
  public let url: String
  /// Scheme and host: what the document's source is named after.
  public let site: String
  /// From the slash on, with the query.
  public let path: String

  public init(url: String, site: String, path: String) {
    self.url = url
    self.site = site
    self.path = path
  }

  /// As a file is named after it.
  var fileName: String {
    path.prefix { $0 != "?" }.split(separator: "/").last.map(String.init) ?? url
  }
  var origin: DocumentOrigin { DocumentOrigin(root: site, path: path) }
}

/// What a write did: the version it made and the generation that shows it.
public struct UpsertReceipt: Sendable {
  public let record: DocumentRecord
  public let effect: DocumentReceipt.Effect
  public let generation: Generation
  public let chunksAdded: Int
  public let chunksKept: Int
  public let chunksRemoved: Int
  public let diagnostics: [Diagnostic]

  init(_ receipt: DocumentReceipt, generation: Generation, diagnostics: [Diagnostic]) {
    record = receipt.record
    effect = receipt.effect
    self.generation = generation
    chunksAdded = receipt.chunksAdded
    chunksKept = receipt.chunksKept
    chunksRemoved = receipt.chunksRemoved
    self.diagnostics = diagnostics
  }
}

/// What Knowledge throws.
public struct KnowledgeError: CodedError {
  public enum Code: String, Sendable, CaseIterable {
    case kbNotFound = "kb_not_found"
    case documentNotFound = "document_not_found"
    case versionNotFound = "version_not_found"
    /// The body could not be read as a document; `diagnostics` say where and why.
    case unreadableDocument = "unreadable_document"
    case unsupportedType = "unsupported_type"
    case tooLarge = "too_large"
    case invalidDocument = "invalid_document"
    case duplicateID = "duplicate_id"
    case pathNotFound = "path_not_found"
    case modelUnavailable = "model_unavailable"
    case modelUnsuitable = "model_unsuitable"
    /// Another change of the model is under way.
    case switchInProgress = "switch_in_progress"
    case overloaded
  }
  public let kind: Code
  public let message: String
  public let diagnostics: [Diagnostic]
  public let cause: (any Error)?
  public var code: String { kind.rawValue }

  public init(_ kind: Code, _ message: String, diagnostics: [Diagnostic] = [], cause: (any Error)? = nil) {
    self.kind = kind
    self.message = message
    self.diagnostics = diagnostics
    self.cause = cause
  }
}
