import Domain
import Foundation

/// A file on its way in, from disk or from a request.
public struct FileInput: Sendable {
  /// As diagnostics show it; its last component names the document where nothing else does.
  public let path: String
  public let data: Data
  /// The media type a client declared; a hint only, as the name is.
  public let declaredType: String?

  public init(path: String, data: Data, declaredType: String? = nil) {
    self.path = path
    self.data = data
    self.declaredType = declaredType
  }
}

/// What a file gave: documents, and what is wrong with the rest of it.
public struct ReadResult: Sendable {
  public let documents: [ReadDocument]
  public let diagnostics: [Diagnostic]

  public init(documents: [ReadDocument], diagnostics: [Diagnostic]) {
    self.documents = documents
    self.diagnostics = diagnostics
  }
}

/// One document of a file, with the structure that the chunker follows.
public struct ReadDocument: Sendable {
  /// Nil where the file is the document. Rows of a FAQ: `#` and the id column, or `#` and 16 hex digits of
  /// sha256 of the question, so that reordering rows changes no id.
  public let idSuffix: String?
  public let content: DocumentContent
  /// In order, without overlap; together they hold every visible character of `content.text`.
  public let blocks: [Block]
  /// Where it begins in the file, from 1; nil where the file has no lines.
  public let line: Int?
  /// Of Markdown, HTML and cells that hold HTML; empty for other formats.
  public let links: DocumentLinks
  /// What the file says of who reads it when.
  public let publication: PublicationChange

  public init(
    idSuffix: String?, content: DocumentContent, blocks: [Block], line: Int?,
    links: DocumentLinks = DocumentLinks(), publication: PublicationChange = .keep
  ) {
    self.idSuffix = idSuffix
    self.content = content
    self.blocks = blocks
    self.line = line
    self.links = links
    self.publication = publication
  }
}

/// A piece of a document's structure.
public struct Block: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// Level from 1, outermost first. The block's span is the heading's own line.
    case heading(level: Int, text: String)
    case paragraph
    case listItem
    /// One row, as `Header: value; Header: value`.
    case tableRow
    case code
    case quote
  }
  public let kind: Kind
  /// Bytes of the document's text.
  public let span: ByteSpan

  public init(kind: Kind, span: ByteSpan) {
    self.kind = kind
    self.span = span
  }

  var isHeading: Bool {
    if case .heading = kind { true } else { false }
  }
}

/// Bounds within which one file is read.
public struct ReaderLimits: Sendable {
  public var time: Duration
  /// Of the file, and of what it unpacks to.
  public var maxBytes: Int
  /// How many times its packed size an archive may unpack to, beyond a free allowance of 16 MB.
  public var maxExpansion: Int

  public init(time: Duration, maxBytes: Int, maxExpansion: Int) {
    self.time = time
    self.maxBytes = maxBytes
    self.maxExpansion = maxExpansion
  }

  /// 60 s, 512 MB, a hundredfold.
  public static let standard = ReaderLimits(time: .seconds(60), maxBytes: 512 << 20, maxExpansion: 100)
}

/// Turns a file of any supported format into documents.
///
/// Never throws and never hangs: whatever is wrong with a file comes back as diagnostics. The type is found
/// from the bytes (`ContentSniffer`); name and declared type only settle what the bytes leave open.
public struct DocumentReader: Sendable {
  /// Changes whenever some file would be read differently; part of a file's fingerprint.
  public static let version = "4"

  private let limits: ReaderLimits
  private let pdfTool: PDFTool

  public init(limits: ReaderLimits = .standard) {
    self.init(limits: limits, pdfTool: PDFTool())
  }

  init(limits: ReaderLimits, pdfTool: PDFTool) {
    self.limits = limits
    self.pdfTool = pdfTool
  }

  /// Reads one file, on a thread of its own: parsing and waiting for a child would block the caller's pool.
  ///
  /// Cancelling the task stops the reading with a `cancelled` diagnostic.
  public func read(_ input: FileInput) async -> ReadResult {
    let deadline = Deadline(limits.time)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        Self.threads.addOperation {
          // Waiting for a thread is not the file's fault: its clock starts here.
          deadline.restart()
          continuation.resume(returning: readNow(input, deadline: deadline))
        }
      }
    } onCancel: {
      deadline.cancel()
    }
  }

  private static let threads: OperationQueue = {
    let queue = OperationQueue()
    queue.name = "frontdesk.readers"
    queue.maxConcurrentOperationCount = max(2, ProcessInfo.processInfo.activeProcessorCount)
    return queue
  }()

  func readNow(_ input: FileInput, deadline: Deadline) -> ReadResult {
    var context = ReadContext(path: input.path, limits: limits, deadline: deadline)
    do throws(ReadFailure) {
      let documents = try read(input, &context)
      return ReadResult(documents: documents, diagnostics: context.diagnostics)
    } catch {
      context.report(error)
      return ReadResult(documents: [], diagnostics: context.diagnostics)
    }
  }

  private func read(_ input: FileInput, _ context: inout ReadContext) throws(ReadFailure) -> [ReadDocument] {
    guard input.data.count <= limits.maxBytes else {
      throw .tooLarge(bytes: input.data.count, limit: limits.maxBytes)
    }
    guard !input.data.isEmpty else { throw .noText("The file is empty.") }
    let type = ContentSniffer.type(of: input.data, name: input.path, declaredType: input.declaredType)
    switch type {
    case .unsupported(let description): throw .unsupported(description)
    case .encrypted(let description): throw .encrypted(description)
    case .pdf: return try PDFReader(tool: pdfTool).read(input.data, &context)
    case .docx: return try WordReader().read(input.data, &context)
    case .markdown, .html, .text, .rst, .csv, .tsv, .jsonl: break
    }
    let text = try TextDecoder.decode(input.data, isHTML: type == .html, &context)
    switch type {
    case .markdown: return try MarkdownReader().read(text, &context)
    case .html: return try HTMLReader().read(text, &context)
    case .rst: return try ReStructuredTextReader().read(text, &context)
    case .csv: return try TableReader(delimiter: nil).read(text, &context)
    case .tsv: return try TableReader(delimiter: UInt8(ascii: "\t")).read(text, &context)
    case .jsonl: return try JSONLinesReader().read(text, &context)
    default: return try PlainTextReader().read(text, &context)
    }
  }
}
