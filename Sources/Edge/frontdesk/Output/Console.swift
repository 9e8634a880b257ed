import Foundation

/// What the command line writes: results to standard output, everything else to standard error.
enum Console {
  static func error(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }

  /// Rewrites the current line of a terminal.
  static func status(_ line: String) {
    FileHandle.standardError.write(Data(("\r\u{1B}[2K" + line).utf8))
  }

  static var errorIsTerminal: Bool { isatty(2) == 1 }

  /// Prints a value as one JSON object with sorted keys.
  static func json(_ value: some Encodable, pretty: Bool = false) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.dateEncodingStrategy = .iso8601
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// All of standard input.
  static func standardInput() throws -> Data { try FileHandle.standardInput.readToEnd() ?? Data() }

  /// Texts given as arguments; `-` stands for the lines of standard input.
  static func texts(_ arguments: [String]) throws -> [String] {
    guard arguments != ["-"], !arguments.isEmpty else { return lines(try standardInput()) }
    return arguments
  }

  /// The lines of a file.
  static func lines(ofFile path: String) throws -> [String] {
    lines(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private static func lines(_ data: Data) -> [String] {
    data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0, as: UTF8.self) }
      .droppingLastIfEmpty()
  }
}

extension [String] {
  /// A text that ends in a newline has no empty line behind it.
  fileprivate func droppingLastIfEmpty() -> [String] { last == "" ? dropLast() : self }
}
