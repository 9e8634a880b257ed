import Foundation
import GRDB
import GRDBSQLite

/// Overwrites with zeros the bytes of b-tree pages that hold nothing, in the database file itself.
///
/// The layout is that of sqlite.org/fileformat2.html, section 1.6: a page has a header, an array of cell
/// pointers, unallocated bytes, then cells among which freed blocks are chained. No reader looks at the
/// unallocated bytes or into freed blocks, so that others may read meanwhile, and a kill in between harms
/// nothing.
///
/// It must be used inside a write transaction while the log is empty: then nobody writes to the file, and
/// the file is the whole truth. It goes through SQLite's own file handle, because opening and closing the
/// file by other means would drop the process's locks on it.
struct PageScrubber {
  private let file: UnsafeMutablePointer<sqlite3_file>
  private let log: UnsafeMutablePointer<sqlite3_file>?
  private let pageSize: Int
  /// Without the bytes reserved at a page's end.
  private let usableSize: Int
  private let pageCount: UInt32
  private let roots: [UInt32]

  init(_ db: Database) throws {
    guard let connection = db.sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
    var file: UnsafeMutablePointer<sqlite3_file>?
    var log: UnsafeMutablePointer<sqlite3_file>?
    guard sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK,
      sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK,
      let file, file.pointee.pMethods != nil
    else { throw DatabaseError(resultCode: .SQLITE_CANTOPEN) }
    self.file = file
    self.log = log
    var header = [UInt8](repeating: 0, count: 100)
    try Self.check(file.pointee.pMethods.pointee.xRead(file, &header, 100, 0))
    let size = Int(header[16]) << 8 | Int(header[17])
    pageSize = size == 1 ? 65536 : size
    usableSize = pageSize - Int(header[20])
    pageCount = UInt32(clamping: try db.integer("PRAGMA page_count") ?? 0)
    roots =
      try [1]
      + db.integers("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0").map(UInt32.init(clamping:))
    guard pageSize >= 512, usableSize >= 480 else { throw StoreError.corrupt("the page size is impossible") }
  }

  /// Whether every page's newest state is in the file.
  func logIsEmpty() throws -> Bool {
    guard let log, let methods = log.pointee.pMethods else { return false }
    var size: sqlite3_int64 = -1
    try Self.check(methods.pointee.xFileSize(log, &size))
    return size == 0
  }

  /// Scrubs pages in ascending order, beginning with `first`, for about a duration (at least one page).
  ///
  /// - Returns: the page to go on with, or nil at the end.
  func scrub(from first: UInt32, for duration: Duration) throws -> UInt32? {
    let deadline = ContinuousClock.now + duration
    var page = [UInt8](repeating: 0, count: pageSize)
    var hasWritten = false
    var next: UInt32?
    for number in try treePages() where number >= first {
      if number > first, ContinuousClock.now >= deadline {
        next = number
        break
      }
      try read(number, into: &page)
      hasWritten = try scrub(number, &page) || hasWritten
    }
    if hasWritten { try Self.check(file.pointee.pMethods.pointee.xSync(file, SQLITE_SYNC_NORMAL)) }
    return next
  }

  /// All pages of all tables and indexes, ascending. Reads only the pages above the leaves.
  private func treePages() throws -> [UInt32] {
    var pages: [UInt32] = []
    var page = [UInt8](repeating: 0, count: pageSize)
    // Leaves all stand at one depth: the first child tells for its siblings.
    var level = roots.map { [$0] }
    while let tree = level.popLast() {
      var current = tree
      while !current.isEmpty {
        pages += current
        guard pages.count <= Int(pageCount) else { throw StoreError.corrupt("pages form a loop") }
        try read(current[0], into: &page)
        guard isInterior(current[0], page) else { break }
        var below: [UInt32] = []
        for number in current {
          try read(number, into: &page)
          below += try children(number, page)
        }
        current = below
      }
    }
    return pages.sorted()
  }

  private func isInterior(_ number: UInt32, _ page: [UInt8]) -> Bool {
    let type = page[headerOffset(number)]
    return type == 0x02 || type == 0x05
  }

  private func children(_ number: UInt32, _ page: [UInt8]) throws -> [UInt32] {
    let header = headerOffset(number)
    guard isInterior(number, page) else { throw StoreError.corrupt("a tree is uneven") }
    let cells = short(page, header + 3)
    guard header + 12 + 2 * cells <= usableSize else { throw StoreError.corrupt("a page is overfull") }
    var children: [UInt32] = []
    children.reserveCapacity(cells + 1)
    for cell in 0..<cells {
      let offset = short(page, header + 12 + 2 * cell)
      guard offset + 4 <= usableSize else { throw StoreError.corrupt("a cell lies outside its page") }
      children.append(long(page, offset))
    }
    children.append(long(page, header + 8))
    return children
  }

  /// - Returns: whether there was anything to overwrite.
  private func scrub(_ number: UInt32, _ page: inout [UInt8]) throws -> Bool {
    let header = headerOffset(number)
    guard [0x02, 0x05, 0x0a, 0x0d].contains(page[header]) else {
      throw StoreError.corrupt("a page is of no known kind")
    }
    let content = short(page, header + 5)
    let gap = header + (isInterior(number, page) ? 12 : 8) + 2 * short(page, header + 3)
    let contentStart = content == 0 ? 65536 : content
    guard gap <= contentStart, contentStart <= usableSize else {
      throw StoreError.corrupt("a page's parts overlap")
    }
    var hasWritten = try clear(gap..<contentStart, of: number, &page)
    var block = short(page, header + 1)
    while block != 0 {
      guard block >= contentStart, block + 4 <= usableSize else {
        throw StoreError.corrupt("a freed block lies outside its page")
      }
      let (next, size) = (short(page, block), short(page, block + 2))
      guard size >= 4, block + size <= usableSize, next == 0 || next > block else {
        throw StoreError.corrupt("freed blocks overlap")
      }
      hasWritten = try clear(block + 4..<block + size, of: number, &page) || hasWritten
      block = next
    }
    return hasWritten
  }

  private func clear(_ range: Range<Int>, of number: UInt32, _ page: inout [UInt8]) throws -> Bool {
    guard page[range].contains(where: { $0 != 0 }) else { return false }
    for i in range { page[i] = 0 }
    let offset = Int64(number - 1) * Int64(pageSize) + Int64(range.lowerBound)
    try page.withUnsafeBytes { bytes in
      try Self.check(
        file.pointee.pMethods.pointee.xWrite(
          file,
          bytes.baseAddress.map { $0 + range.lowerBound },
          Int32(range.count),
          offset
        )
      )
    }
    return true
  }

  private func read(_ number: UInt32, into page: inout [UInt8]) throws {
    guard (1...max(1, pageCount)).contains(number) else {
      throw StoreError.corrupt("a page lies outside the file")
    }
    let offset = Int64(number - 1) * Int64(pageSize)
    try Self.check(file.pointee.pMethods.pointee.xRead(file, &page, Int32(pageSize), offset))
  }

  /// The file's own header stands before that of page 1.
  private func headerOffset(_ number: UInt32) -> Int { number == 1 ? 100 : 0 }

  private func short(_ page: [UInt8], _ offset: Int) -> Int { Int(page[offset]) << 8 | Int(page[offset + 1]) }

  private func long(_ page: [UInt8], _ offset: Int) -> UInt32 {
    page[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func check(_ code: Int32) throws {
    guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
  }
}
