import Foundation

/// Poppler's `pdftotext`, which knows PDF; a crash of it stays outside of this process.
struct PDFTool: Sendable {
  private let path: String?

  /// Looks through `PATH`.
  init() {
    let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    path = folders.split(separator: ":").map { $0 + "/pdftotext" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  init(path: String?) { self.path = path }

  /// The text of a PDF in reading order, a form feed after each page.
  func text(of data: Data, _ context: ReadContext) throws(ReadFailure) -> [UInt8] {
    guard let path else {
      throw ReadFailure(
        code: "pdf_tool_missing", message: "pdftotext, which reads PDF files, is not installed.",
        remedy: "Install it: `apt-get install poppler-utils`.")
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "frontdesk-" + UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appendingPathComponent("in.pdf")
    let output = folder.appendingPathComponent("out.txt")
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try data.write(to: input)
    } catch {
      throw ReadFailure(
        code: "temporary_file",
        message: "A temporary file could not be written: \(error.localizedDescription)",
        remedy: "Free space in the folder for temporary files, or set TMPDIR.")
    }
    let outcome = try ChildProcess.run(
      path, ["-enc", "UTF-8", "-eol", "unix", input.path, output.path],
      errorFile: folder.appendingPathComponent("errors.txt").path, maxOutputBytes: context.limits.maxBytes,
      maxSeconds: Int(context.limits.time.components.seconds) + 5, context.deadline)
    guard let outcome else {
      throw ReadFailure(
        code: "pdf_tool_missing", message: "pdftotext could not be started.",
        remedy: "Check that \(path) can be executed, and that the process limit is not reached.")
    }
    guard outcome.status == 0 else { throw failure(outcome, context) }
    return [UInt8]((try? Data(contentsOf: output)) ?? Data())
  }

  private func failure(_ outcome: ChildProcess.Outcome, _ context: ReadContext) -> ReadFailure {
    let said = outcome.errorOutput
    if said.contains("Incorrect password") || said.contains("encrypt") || outcome.status == 3 {
      return .encrypted("an encrypted PDF")
    }
    switch outcome.status {
    case -SIGXCPU, -SIGKILL: return .timeout(context.limits.time)
    case -SIGXFSZ:
      return ReadFailure(
        code: "expands_too_much", message: "The PDF holds more text than the limit allows.",
        remedy: "Split it into smaller files.")
    default:
      return ReadFailure(
        code: "unreadable_pdf", message: "The PDF is damaged: pdftotext ended with status \(outcome.status).",
        remedy: "Open it in a PDF viewer and print it to a new PDF, or convert it to text.")
    }
  }
}
