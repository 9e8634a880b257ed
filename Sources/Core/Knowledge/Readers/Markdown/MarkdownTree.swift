import CCmark
import Foundation
import Synchronization

/// A Markdown text as cmark-gfm's tree of nodes.
///
/// cmark parses, walks and frees without recursion. It cannot be interrupted: `MarkdownCost` says beforehand
/// whether a text may go in.
final class MarkdownTree {
  private let root: OpaquePointer

  /// - Parameter source: valid UTF-8.
  init(_ source: [UInt8]) {
    // The extensions put their marks into tables that all of cmark-gfm's parsers share while one of them runs.
    root = Self.extensions.withLock { names in
      let parser = cmark_parser_new(CMARK_OPT_DEFAULT)
      defer { cmark_parser_free(parser) }
      for name in names { cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension(name)) }
      source.withUnsafeBytes { bytes in
        cmark_parser_feed(parser, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
      }
      return cmark_parser_finish(parser)
    }
    cmark_consolidate_text_nodes(root)
  }

  deinit { cmark_node_free(root) }

  /// Not among them is autolink: a bare address has the same text without it, and in 0.29.0.gfm.6 it reads out of
  /// bounds (CVE-2023-22485) and swallows backslashes.
  private static let extensions: Mutex<[String]> = {
    cmark_gfm_core_extensions_ensure_registered()
    return Mutex(["table", "strikethrough", "tasklist"])
  }()

  /// Visits every node in reading order: containers at their start and end, leaves once.
  func forEach(_ visit: (MarkdownNode, _ isEnd: Bool) throws(ReadFailure) -> Void) throws(ReadFailure) {
    let iterator = cmark_iter_new(root)
    defer { cmark_iter_free(iterator) }
    while true {
      let event = cmark_iter_next(iterator)
      if event == CMARK_EVENT_DONE { return }
      try visit(MarkdownNode(pointer: cmark_iter_get_node(iterator)), event == CMARK_EVENT_EXIT)
    }
  }
}

/// A node, as long as its tree lives.
struct MarkdownNode {
  enum Kind {
    case quote, item, paragraph, code, html, table, row, cell
    case list(isOrdered: Bool, start: Int)
    case heading(Int)
    case text, softBreak, lineBreak, inlineCode, inlineHTML, link
    /// What only holds others, or shows nothing.
    case other
  }
  fileprivate let pointer: OpaquePointer?

  var kind: Kind {
    switch cmark_node_get_type(pointer) {
    case CMARK_NODE_TEXT: .text
    case CMARK_NODE_SOFTBREAK: .softBreak
    case CMARK_NODE_LINEBREAK: .lineBreak
    case CMARK_NODE_CODE: .inlineCode
    case CMARK_NODE_HTML_INLINE: .inlineHTML
    case CMARK_NODE_LINK: .link
    case CMARK_NODE_PARAGRAPH: .paragraph
    case CMARK_NODE_HEADING: .heading(Int(cmark_node_get_heading_level(pointer)))
    case CMARK_NODE_BLOCK_QUOTE: .quote
    case CMARK_NODE_LIST:
      .list(
        isOrdered: cmark_node_get_list_type(pointer) == CMARK_ORDERED_LIST,
        start: Int(cmark_node_get_list_start(pointer)))
    case CMARK_NODE_ITEM: .item
    case CMARK_NODE_CODE_BLOCK: .code
    case CMARK_NODE_HTML_BLOCK: .html
    default: extensionKind
    }
  }

  /// The types of extensions are numbered at run time; their names are fixed.
  private var extensionKind: Kind {
    switch cmark_node_get_type_string(pointer).map({ String(cString: $0) }) {
    case "table": .table
    case "table_header", "table_row": .row
    case "table_cell": .cell
    default: .other
    }
  }

  /// The text of a leaf, as it stands in the source but for references and escapes.
  var literal: [UInt8] {
    guard let start = cmark_node_get_literal(pointer) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: strlen(start)))
  }

  /// Where a link leads, references and escapes resolved.
  var target: String { cmark_node_get_url(pointer).map { String(cString: $0) } ?? "" }
}
