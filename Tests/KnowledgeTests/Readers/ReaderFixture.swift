import CZip
import Domain
import Foundation

@testable import Knowledge

/// Short ways to read what a test holds in a string.
func read(
  _ data: Data, _ name: String, limits: ReaderLimits = .standard, pdfTool: PDFTool = PDFTool()
) async -> ReadResult {
  await DocumentReader(limits: limits, pdfTool: pdfTool).read(FileInput(path: name, data: data))
}

func read(_ text: String, _ name: String) async -> ReadResult { await read(Data(text.utf8), name) }

/// Reads on the calling thread and tells the processor time that it took, in seconds.
func readTimed(_ text: String, _ name: String) -> (result: ReadResult, seconds: Double) {
  let limits = ReaderLimits(time: .seconds(600), maxBytes: 512 << 20, maxExpansion: 100)
  let input = FileInput(path: name, data: Data(text.utf8))
  let start = threadSeconds()
  let result = DocumentReader(limits: limits).readNow(input, deadline: Deadline(limits.time))
  return (result, threadSeconds() - start)
}

/// Processor time of this thread: other tests on the machine do not count.
func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

extension ReadResult {
  var codes: [String] { diagnostics.map(\.code) }
  var only: ReadDocument? { documents.count == 1 ? documents[0] : nil }
}

extension ReadDocument {
  /// Kind and text of each block, `H2` for headings.
  var outline: [String] {
    blocks.map { block in
      let kind =
        switch block.kind {
        case .heading(let level, _): "H\(level)"
        case .paragraph: "P"
        case .listItem: "L"
        case .tableRow: "T"
        case .code: "C"
        case .quote: "Q"
        }
      return kind + " " + (content.text.slice(block.span).map(String.init) ?? "BAD SPAN")
    }
  }

  /// Spans are in order, do not overlap, cut no character, and leave only white space out.
  var blocksTileText: Bool {
    var end = 0
    let bytes = Array(content.text.utf8)
    for block in blocks {
      guard block.span.start >= end, content.text.slice(block.span) != nil else { return false }
      guard bytes[end..<block.span.start].allSatisfy(\.isTextSpace) else { return false }
      end = block.span.end
    }
    return bytes[end...].allSatisfy(\.isTextSpace)
  }
}

/// A ZIP archive, its members deflated.
struct ZipBuilder {
  private var members: [(name: String, contents: Data, password: String?)] = []

  /// - Parameter password: encrypts the member.
  mutating func add(_ name: String, _ contents: Data, password: String? = nil) {
    members.append((name, contents, password))
  }

  mutating func add(_ name: String, _ text: String, password: String? = nil) {
    add(name, Data(text.utf8), password: password)
  }

  var data: Data {
    let target = zip_source_buffer_create(nil, 0, 0, nil)
    zip_source_keep(target)
    defer { zip_source_free(target) }
    let archive = zip_open_from_source(target, ZIP_TRUNCATE, nil)
    let copies = members.map { $0.contents as NSData }
    for (member, copy) in zip(members, copies) {
      let source = zip_source_buffer(archive, copy.bytes, zip_uint64_t(copy.length), 0)
      let place = zip_uint64_t(zip_file_add(archive, member.name, source, zip_flags_t(ZIP_FL_ENC_UTF_8)))
      if let password = member.password {
        zip_file_set_encryption(archive, place, UInt16(ZIP_EM_TRAD_PKWARE), password)
      }
    }
    withExtendedLifetime(copies) { _ = zip_close(archive) }
    var about = zip_stat_t()
    zip_source_stat(target, &about)
    var bytes = [UInt8](repeating: 0, count: Int(about.size))
    zip_source_open(target)
    zip_source_read(target, &bytes, about.size)
    zip_source_close(target)
    return Data(bytes)
  }
}

/// A Word document around the given body.
func wordDocument(
  _ body: String, styles: String = "", numbering: String = "", title: String? = nil, footnotes: String? = nil
) -> Data {
  let space = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\""
  var zip = ZipBuilder()
  zip.add("[Content_Types].xml", "<?xml version=\"1.0\"?><Types/>")
  zip.add(
    "_rels/.rels",
    """
    <?xml version="1.0"?><Relationships><Relationship Id="r1" \
    Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" \
    Target="word/document.xml"/></Relationships>
    """)
  zip.add(
    "word/document.xml", "<?xml version=\"1.0\"?><w:document \(space)><w:body>\(body)</w:body></w:document>")
  zip.add("word/styles.xml", "<w:styles \(space)>\(styles)</w:styles>")
  zip.add("word/numbering.xml", "<w:numbering \(space)>\(numbering)</w:numbering>")
  if let footnotes { zip.add("word/footnotes.xml", "<w:footnotes \(space)>\(footnotes)</w:footnotes>") }
  if let title {
    zip.add("docProps/core.xml", "<cp:coreProperties><dc:title>\(title)</dc:title></cp:coreProperties>")
  }
  return zip.data
}

/// A PDF of one page for each text, in Helvetica.
func pdf(_ pages: [String]) -> Data {
  var objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
  objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
  var kids: [String] = []
  for page in pages {
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
      .map { "(\($0)) Tj 0 -14 Td" }.joined(separator: " ")
    let content = "BT /F1 12 Tf 72 720 Td \(lines) ET"
    objects.append("<< /Length \(content.utf8.count) >>\nstream\n\(content)\nendstream")
    kids.append("\(objects.count + 1) 0 R")
    objects.append(
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents \(objects.count) 0 R "
        + "/Resources << /Font << /F1 3 0 R >> >> >>")
  }
  objects[1] = "<< /Type /Pages /Kids [\(kids.joined(separator: " "))] /Count \(pages.count) >>"
  var text = "%PDF-1.4\n"
  var offsets: [Int] = []
  for (index, object) in objects.enumerated() {
    offsets.append(text.utf8.count)
    text += "\(index + 1) 0 obj\n\(object)\nendobj\n"
  }
  let start = text.utf8.count
  text += "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
  for offset in offsets {
    let digits = String(offset)
    text += String(repeating: "0", count: 10 - digits.count) + digits + " 00000 n \n"
  }
  text += "trailer << /Size \(objects.count + 1) /Root 1 0 R >>\nstartxref\n\(start)\n%%EOF\n"
  return Data(text.utf8)
}
