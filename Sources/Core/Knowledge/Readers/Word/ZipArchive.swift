import CZip
import Foundation

/// The members of a ZIP archive in memory, read by libzip.
///
/// A member unpacks only as far as its caller allows, whatever size it claims. For one thread at a time.
final class ZipArchive {
  enum Fault: Error { case broken, encrypted, tooLarge, unknownMethod }

  /// libzip reads from these bytes as long as the archive is open.
  private let data: NSData
  private let archive: OpaquePointer
  /// Each name with its place in the directory.
  private let members: [String: zip_uint64_t]

  var names: Set<String> { Set(members.keys) }

  /// - Throws: `broken` where there is no directory that fits the data.
  init(_ data: Data, maxEntries: Int) throws(Fault) {
    let data = data as NSData
    var error = zip_error_t()
    guard let source = zip_source_buffer_create(data.bytes, zip_uint64_t(data.length), 0, &error) else {
      throw .broken
    }
    guard let archive = zip_open_from_source(source, ZIP_RDONLY, &error) else {
      zip_source_free(source)
      throw .broken
    }
    let count = zip_get_num_entries(archive, 0)
    guard count <= maxEntries else {
      zip_discard(archive)
      throw .broken
    }
    var members: [String: zip_uint64_t] = [:]
    for index in 0..<zip_uint64_t(count) {
      if let name = zip_get_name(archive, index, zip_flags_t(ZIP_FL_ENC_GUESS)) {
        members[String(cString: name)] = index
      }
    }
    (self.data, self.archive, self.members) = (data, archive, members)
  }

  deinit { zip_discard(archive) }

  /// Unpacks a member.
  ///
  /// - Returns: nil where there is none of that name.
  /// - Throws: `tooLarge` once it exceeds `maxBytes`.
  func unpack(_ name: String, maxBytes: Int) throws(Fault) -> [UInt8]? {
    guard let index = members[name] else { return nil }
    var about = zip_stat_t()
    guard zip_stat_index(archive, index, 0, &about) == 0 else { throw .broken }
    guard about.encryption_method == ZIP_EM_NONE else { throw .encrypted }
    guard let file = zip_fopen_index(archive, index, 0) else {
      let code = zip_error_code_zip(zip_get_error(archive))
      throw code == ZIP_ER_COMPNOTSUPP ? .unknownMethod : .broken
    }
    defer { zip_fclose(file) }
    var result: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 17)
    while true {
      let count = zip_fread(file, &piece, zip_uint64_t(piece.count))
      // The last read also finds a checksum that does not fit.
      guard count >= 0 else { throw .broken }
      guard count > 0 else { return result }
      result.append(contentsOf: piece[..<Int(count)])
      guard result.count <= maxBytes else { throw .tooLarge }
    }
  }

  /// A small member's text, for telling formats apart; nil where it cannot be had.
  func storedText(_ name: String) -> String? {
    guard let bytes = try? unpack(name, maxBytes: 4_096) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
