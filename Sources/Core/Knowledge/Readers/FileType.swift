/// What a file is, as far as reading goes.
public enum FileType: Hashable, Sendable {
  case markdown, html, text, rst, csv, tsv, jsonl, docx, pdf
  /// No reader; the description completes "this looks like ...".
  case unsupported(String)
  /// Readable in principle, but locked; the description completes "this is ...".
  case encrypted(String)
}

extension ReadFailure {
  /// One `unsupported_type` that says what the file looks like and what would help.
  static func unsupported(_ description: String) -> Self {
    let remedies: [(String, String)] = [
      ("image", "Run OCR over it and ingest the text, or describe it in a Markdown file."),
      ("spreadsheet", "Save the sheet as CSV and ingest that."),
      ("presentation", "Export it to PDF and ingest that."),
      ("document", "Save it as DOCX or PDF and ingest that."),
      ("e-book", "Convert it to HTML or PDF and ingest that."),
      ("e-mail", "Save the message as text or HTML and ingest that."),
      ("archive", "Unpack it and ingest the files inside."),
      ("audio", "Transcribe it and ingest the text."),
      ("video", "Transcribe it and ingest the text."),
      ("XML", "Convert it to HTML or Markdown and ingest that."),
      ("JSON", "Give one JSON object per line, with question and answer, or title and text."),
    ]
    let remedy =
      remedies.first { description.contains($0.0) }?.1
      ?? "Convert it to Markdown, HTML, plain text, CSV, DOCX or PDF, or leave it out."
    return Self(
      code: "unsupported_type", message: "This looks like \(description), for which there is no reader.",
      remedy: remedy)
  }
}
