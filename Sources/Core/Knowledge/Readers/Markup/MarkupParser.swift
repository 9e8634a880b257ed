import CXML

/// A piece of HTML or XML. References in text and values are resolved.
enum MarkupToken {
  case text([UInt8])
  case start(String, MarkupAttributes)
  case end(String)
}

/// The attributes of one element, in the order of the source; few, so a search goes through them.
struct MarkupAttributes {
  fileprivate var pairs: [(name: String, value: String)] = []

  subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }
}

/// Cuts HTML or XML into tags and text with libxml2's push parsers.
///
/// The source goes in by the chunk and the events come out, so that there is no tree, however deep or broken
/// the markup is, and the deadline is asked at every chunk. Every start has its end. Entities are not
/// expanded, nothing is fetched. Names are those without a prefix; HTML's are in lower case.
final class MarkupParser {
  enum Dialect { case html, xml }

  private let source: [UInt8]
  private let deadline: Deadline
  private let dialect: Dialect
  private let parser: xmlParserCtxtPtr
  private var fed = 0
  private var isFinished = false
  private var tokens: [MarkupToken] = []
  private var taken = 0

  /// libxml2 searches its open elements at every end tag: a chunk bounds what one step can cost.
  private static let chunkBytes = 4_096

  /// - Parameter source: valid UTF-8, whatever encoding it declares.
  init(_ source: [UInt8], _ dialect: Dialect, _ deadline: Deadline) {
    self.source = source
    self.deadline = deadline
    self.dialect = dialect
    parser = Self.makeParser(dialect)
    // Set afterwards: the functions that make a parser may call back.
    parser.pointee.userData = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit { xmlFreeParserCtxt(parser) }

  /// Whether XML kept the rules of XML; known at its end.
  var isWellFormed: Bool { parser.pointee.wellFormed != 0 }

  /// - Returns: nil at the end.
  /// - Throws: `timeout` or `cancelled`.
  func next() throws(ReadFailure) -> MarkupToken? {
    while taken == tokens.count {
      guard !isFinished else { return nil }
      tokens.removeAll(keepingCapacity: true)
      taken = 0
      try deadline.check()
      feed()
    }
    taken += 1
    return tokens[taken - 1]
  }

  private func feed() {
    let count = min(Self.chunkBytes, source.count - fed)
    isFinished = fed + count == source.count
    source.withUnsafeBytes { bytes in
      let chunk = bytes.baseAddress?.advanced(by: fed).assumingMemoryBound(to: CChar.self)
      switch dialect {
      case .html:
        htmlParseChunk(parser, chunk, Int32(count), 0)
        if isFinished { htmlParseChunk(parser, nil, 0, 1) }
      case .xml: xmlParseChunk(parser, chunk, Int32(count), isFinished ? 1 : 0)
      }
    }
    fed += count
  }

  fileprivate func add(_ token: MarkupToken) { tokens.append(token) }

  /// Text comes in pieces as small as one reference.
  fileprivate func addText(_ bytes: UnsafePointer<xmlChar>?, _ count: Int32) {
    let piece = UnsafeBufferPointer(start: bytes, count: Int(count))
    if case .text(var text)? = tokens.last, taken < tokens.count {
      tokens.removeLast()
      text.append(contentsOf: piece)
      tokens.append(.text(text))
    } else {
      tokens.append(.text(Array(piece)))
    }
  }
}

// MARK: - libxml2

extension MarkupParser {
  private static func makeParser(_ dialect: Dialect) -> xmlParserCtxtPtr {
    _ = isReady
    var events = xmlSAXHandler()
    events.characters = { context, bytes, count in MarkupParser.from(context).addText(bytes, count) }
    events.ignorableWhitespace = events.characters
    events.cdataBlock = events.characters
    switch dialect {
    case .html:
      events.startElement = { context, name, attributes in
        MarkupParser.from(context).add(.start(text(name), MarkupAttributes(html: attributes)))
      }
      events.endElement = { context, name in MarkupParser.from(context).add(.end(text(name))) }
      let parser = htmlCreatePushParserCtxt(&events, nil, nil, 0, nil, XML_CHAR_ENCODING_UTF8)!
      let options = [
        HTML_PARSE_RECOVER, HTML_PARSE_NOERROR, HTML_PARSE_NOWARNING, HTML_PARSE_NONET,
        HTML_PARSE_IGNORE_ENC, HTML_PARSE_NOIMPLIED,
      ]
      htmlCtxtUseOptions(parser, options.reduce(0) { $0 | Int32($1.rawValue) })
      return parser
    case .xml:
      events.initialized = XML_SAX2_MAGIC
      events.startElementNs = { context, name, _, _, _, _, count, _, attributes in
        MarkupParser.from(context)
          .add(.start(text(name), MarkupAttributes(xml: attributes, count: Int(count))))
      }
      events.endElementNs = { context, name, _, _ in MarkupParser.from(context).add(.end(text(name))) }
      let parser = xmlCreatePushParserCtxt(&events, nil, nil, 0, nil)!
      let options = [
        XML_PARSE_RECOVER, XML_PARSE_NOERROR, XML_PARSE_NOWARNING, XML_PARSE_NONET, XML_PARSE_IGNORE_ENC,
      ]
      xmlCtxtUseOptions(parser, options.reduce(0) { $0 | Int32($1.rawValue) })
      xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8)
      return parser
    }
  }

  /// libxml2 wants its tables made before threads use it.
  private static let isReady: Bool = {
    xmlInitParser()
    return true
  }()

  private static func from(_ context: UnsafeMutableRawPointer?) -> MarkupParser {
    Unmanaged<MarkupParser>.fromOpaque(context!).takeUnretainedValue()
  }
}

extension MarkupAttributes {
  /// - Parameter html: names and values in turn, ended by nil; a name alone has no value.
  fileprivate init(html: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?) {
    guard var next = html else { return }
    while let name = next[0] {
      pairs.append((text(name), next[1].map(text) ?? ""))
      next += 2
    }
  }

  /// - Parameter xml: five pointers each: name, prefix, namespace, the value's start and its end.
  fileprivate init(xml: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, count: Int) {
    guard let xml else { return }
    for index in 0..<count {
      guard let name = xml[5 * index], let start = xml[5 * index + 3], let end = xml[5 * index + 4] else {
        continue
      }
      let value = UnsafeBufferPointer(start: start, count: end - start)
      pairs.append((text(name), String(decoding: value, as: UTF8.self)))
    }
  }
}

private func text(_ characters: UnsafePointer<xmlChar>?) -> String {
  characters.map { String(cString: $0) } ?? ""
}
