import Foundation
import Testing

/// Holds every import against the table of targets in the README.
@Suite struct ArchitectureTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Anywhere but where the table says otherwise.
  private static let everywhere: Set = [
    "Foundation", "Glibc", "Musl", "Darwin", "Synchronization", "Dispatch",
  ]

  private func table() throws -> ImportTable {
    try ImportTable(
      markdown: String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8))
  }

  private func targets() throws -> [(name: String, folder: URL)] {
    try ["Core", "Layers", "Edge", "Adapters"].flatMap { layer -> [(String, URL)] in
      let folder = Self.root.appendingPathComponent("Sources/\(layer)")
      guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        .map { ($0, folder.appendingPathComponent($0)) }
    }
  }

  private func violations(_ lines: [ImportLine], table: ImportTable) -> [ImportLine] {
    lines.filter { line in
      guard !Self.everywhere.contains(line.module) else { return false }
      return table.allowed[line.target]?.contains(line.module) != true
    }
  }

  @Test func everyTargetStandsInTheTable() throws {
    let table = try table()
    let names = try targets().map(\.name)
    #expect(!names.isEmpty)
    for name in names { #expect(table.allowed[name] != nil, "\(name) is not in the README's table") }
  }

  @Test func everyImportIsInTheTable() throws {
    let table = try table()
    var seen = 0
    for target in try targets() {
      let lines = try ImportLine.all(of: target.name, in: target.folder)
      seen += lines.count
      let wrong = violations(lines, table: table)
      #expect(wrong.isEmpty, "\(wrong)")
    }
    #expect(seen > 100, "the sources were not found")
  }

  @Test func aPlantedImportIsFound() throws {
    let table = try table()
    let planted = ImportLine.modules(
      in: "import Foundation\n@testable import struct GRDB.Row\n  import Store\n")
    #expect(planted == ["Foundation", "GRDB", "Store"])
    let lines = planted.map { ImportLine(target: "Gateway", module: $0, file: "Planted.swift") }
    #expect(violations(lines, table: table).map(\.module) == ["GRDB", "Store"])
  }

  /// Time-outs, bounds and the circuit hold for every call to another server because there is one way out.
  @Test func oneRoomCallsOtherServers() throws {
    let wayOut = Set(
      try ImportLine.all(
        of: "Gateway", in: Self.root.appendingPathComponent("Sources/Edge/Gateway/Outgoing")
      ).filter { $0.module == "AsyncHTTPClient" }.map(\.file))
    #expect(!wayOut.isEmpty)
    for target in try targets() {
      for line in try ImportLine.all(of: target.name, in: target.folder) {
        #expect(
          line.module != "FoundationNetworking"
            && (line.module != "AsyncHTTPClient" || wayOut.contains(line.file)),
          "\(line)")
      }
    }
  }

  @Test func domainImportsNothing() throws {
    #expect(try table().allowed["Domain"]?.isEmpty == true)
  }
}
