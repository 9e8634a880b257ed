import Foundation

/// Recognises files by the fixed bytes that their formats begin with.
enum BinarySignature {
  /// - Returns: nil where it may be text.
  static func type(of head: [UInt8], _ data: Data) -> FileType? {
    // The PDF header may stand anywhere in the first kilobyte (ISO 32000-1, annex H.3.4.1).
    if let at = Array(head.prefix(1024)).firstIndex(ofASCII: "%PDF-"),
      at == 0 || !looksLikeProse(head.prefix(at))
    {
      return .pdf
    }
    if head.starts(withASCII: "PK\u{3}\u{4}") || head.starts(withASCII: "PK\u{5}\u{6}") {
      return zipType(data)
    }
    if head.starts(with: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) { return compoundType(data) }
    if head.starts(withASCII: "{\\rtf") { return .unsupported("an RTF document") }
    if head.starts(withASCII: "RIFF"), head.count > 12 {
      let kind = head[8..<12].string
      if kind == "WEBP" { return .unsupported("an image (WebP)") }
      return .unsupported(kind == "AVI " ? "a video (AVI)" : "an audio file (\(kind.filter(\.isLetter)))")
    }
    if head.count > 12, head[4..<8].elementsEqual("ftyp".utf8) {
      let brand = head[8..<12].string
      if brand.hasPrefix("M4A") { return .unsupported("an audio file (M4A)") }
      if brand.hasPrefix("hei") || brand.hasPrefix("avif") || brand.hasPrefix("mif1") {
        return .unsupported("an image (\(brand))")
      }
      return .unsupported("a video (MP4)")
    }
    if head.count > 262, head[257..<262].elementsEqual("ustar".utf8) {
      return .unsupported("an archive (tar)")
    }
    for (signature, description) in signatures where head.starts(with: signature) {
      return .unsupported(description)
    }
    return nil
  }

  /// "%PDF-" in a text about PDF files is no PDF file.
  private static func looksLikeProse(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { $0 >= 32 || $0.isTextSpace } && bytes.contains { $0.isLetter }
      && !bytes.starts(withASCII: "%!PS") && !bytes.starts(withASCII: "HTTP/")
  }

  private static let signatures: [([UInt8], String)] = [
    ([0x89, 0x50, 0x4E, 0x47], "an image (PNG)"),
    ([0xFF, 0xD8, 0xFF], "an image (JPEG)"),
    (Array("GIF8".utf8), "an image (GIF)"),
    ([0x49, 0x49, 0x2A, 0], "an image (TIFF)"),
    ([0x4D, 0x4D, 0, 0x2A], "an image (TIFF)"),
    ([0, 0, 1, 0], "an image (icon)"),
    ([0xFF, 0x0A], "an image (JPEG XL)"),
    ([0x1F, 0x8B], "an archive (gzip)"),
    (Array("BZh".utf8), "an archive (bzip2)"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "an archive (xz)"),
    ([0x28, 0xB5, 0x2F, 0xFD], "an archive (Zstandard)"),
    ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "an archive (7z)"),
    (Array("Rar!".utf8), "an archive (RAR)"),
    (Array("ID3".utf8), "an audio file (MP3)"),
    ([0xFF, 0xFB], "an audio file (MP3)"),
    ([0xFF, 0xF3], "an audio file (MP3)"),
    (Array("OggS".utf8), "an audio file (Ogg)"),
    (Array("fLaC".utf8), "an audio file (FLAC)"),
    ([0x1A, 0x45, 0xDF, 0xA3], "a video (Matroska)"),
    ([0x7F, 0x45, 0x4C, 0x46], "a program (ELF)"),
    (Array("SQLite format 3".utf8), "a database (SQLite)"),
    (Array("wOFF".utf8), "a font"),
    (Array("wOF2".utf8), "a font"),
    ([0, 1, 0, 0, 0], "a font"),
    (Array("%!PS".utf8), "a PostScript document"),
    (Array("\0asm".utf8), "a program (WebAssembly)"),
  ]

  private static func zipType(_ data: Data) -> FileType {
    guard let archive = try? ZipArchive(data, maxEntries: 20_000) else {
      // A broken archive that names a Word part is a broken DOCX: its reader says so.
      let head = [UInt8](data.prefix(4096))
      return head.firstIndex(ofASCII: "word/") != nil
        || head.firstIndex(ofASCII: "[Content_Types].xml") != nil
        ? .docx : .unsupported("an archive (ZIP)")
    }
    let names = archive.names
    if names.contains("mimetype"), let kind = archive.storedText("mimetype") {
      if kind.contains("epub") { return .unsupported("an e-book (EPUB)") }
      if kind.contains("opendocument.text") { return .unsupported("an OpenDocument text document") }
      if kind.contains("opendocument.spreadsheet") { return .unsupported("a spreadsheet (OpenDocument)") }
      if kind.contains("opendocument.presentation") { return .unsupported("a presentation (OpenDocument)") }
    }
    if names.contains("[Content_Types].xml") {
      if names.contains(where: { $0.lowercased().hasPrefix("word/") }) { return .docx }
      if names.contains(where: { $0.hasPrefix("xl/") }) { return .unsupported("a spreadsheet (XLSX)") }
      if names.contains(where: { $0.hasPrefix("ppt/") }) { return .unsupported("a presentation (PPTX)") }
      return .docx
    }
    if names.contains("content.xml") { return .unsupported("an OpenDocument text document") }
    return .unsupported("an archive (ZIP)")
  }

  /// Microsoft's compound file: the old Office formats, Outlook messages, and locked new ones.
  private static func compoundType(_ data: Data) -> FileType {
    func holds(_ name: String) -> Bool { data.range(of: Data(name.utf8.flatMap { [$0, 0] })) != nil }
    if holds("EncryptedPackage") { return .encrypted("a password-protected Office document") }
    if holds("WordDocument") { return .unsupported("a Word 97-2003 document (DOC)") }
    if holds("PowerPoint Document") { return .unsupported("a presentation (PPT)") }
    if holds("Workbook") || holds("Book") { return .unsupported("a spreadsheet (XLS)") }
    if holds("__substg1.0_") { return .unsupported("an e-mail message (Outlook)") }
    return .unsupported("an old Office document")
  }
}
