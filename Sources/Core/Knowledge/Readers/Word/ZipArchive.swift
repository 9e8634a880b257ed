import CZip
import Foundation

/// The members of a ZIP archive (APPNOTE 6.3), read from its central directory.
///
/// Trusts nothing in it: every offset is checked, and a member unpacks only as far as its caller allows,
/// whatever size it claims.
struct ZipArchive {
  enum Fault: Error { case broken, encrypted, tooLarge, unknownMethod }

  private struct Member {
    let method: Int
    let isEncrypted: Bool
    let packedBytes: Int
    let headerOffset: Int
  }

  private let data: Data
  private var members: [String: Member] = [:]

  var names: Set<String> { Set(members.keys) }

  /// - Throws: `broken` where there is no directory that fits the data.
  init(_ data: Data, maxEntries: Int) throws(Fault) {
    self.data = data
    guard let end = Self.endRecord(data) else { throw .broken }
    let count = Int(data.little16(end + 10))
    let size = Int(data.little32(end + 12))
    var at = Int(data.little32(end + 16))
    // Bytes before the archive shift its offsets.
    let shift = end - size - at
    guard at + size <= end, shift >= 0, count <= maxEntries else { throw .broken }
    at += shift
    for _ in 0..<count {
      guard at + 46 <= end, data.little32(at) == 0x0201_4B50 else { throw .broken }
      let nameLength = Int(data.little16(at + 28))
      let next = at + 46 + nameLength + Int(data.little16(at + 30)) + Int(data.little16(at + 32))
      guard next <= end else { throw .broken }
      let nameStart = data.startIndex + at + 46
      let name = String(decoding: data[nameStart..<(nameStart + nameLength)], as: UTF8.self)
      members[name] = Member(
        method: Int(data.little16(at + 10)), isEncrypted: data.little16(at + 8) & 1 != 0,
        packedBytes: Int(data.little32(at + 20)), headerOffset: Int(data.little32(at + 42)) + shift)
      at = next
    }
  }

  /// The end record, sought backwards over a comment of at most 64 KB.
  private static func endRecord(_ data: Data) -> Int? {
    guard data.count >= 22 else { return nil }
    var at = data.count - 22
    let lowest = max(0, at - 0xFFFF)
    while at >= lowest {
      if data.little32(at) == 0x0605_4B50 { return at }
      at -= 1
    }
    return nil
  }

  /// Unpacks a member.
  ///
  /// - Returns: nil where there is none of that name.
  /// - Throws: `tooLarge` once it exceeds `maxBytes`.
  func unpack(_ name: String, maxBytes: Int) throws(Fault) -> [UInt8]? {
    guard let member = members[name] else { return nil }
    guard !member.isEncrypted else { throw .encrypted }
    let header = member.headerOffset
    guard header >= 0, header + 30 <= data.count, data.little32(header) == 0x0403_4B50 else { throw .broken }
    let start = header + 30 + Int(data.little16(header + 26)) + Int(data.little16(header + 28))
    guard start + member.packedBytes <= data.count else { throw .broken }
    let packed = data[(data.startIndex + start)..<(data.startIndex + start + member.packedBytes)]
    switch member.method {
    case 0:
      guard packed.count <= maxBytes else { throw .tooLarge }
      return [UInt8](packed)
    case 8: return try Self.inflate([UInt8](packed), maxBytes: maxBytes)
    default: throw .unknownMethod
    }
  }

  /// A small member's text, for telling formats apart; nil where it cannot be had.
  func storedText(_ name: String) -> String? {
    guard let bytes = try? unpack(name, maxBytes: 4_096) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func inflate(_ packed: [UInt8], maxBytes: Int) throws(Fault) -> [UInt8] {
    var stream = z_stream()
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw .broken
    }
    defer { inflateEnd(&stream) }
    var input = packed
    var result: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 17)
    var status = Z_OK
    input.withUnsafeMutableBufferPointer { source in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(source.count)
      while status == Z_OK, result.count <= maxBytes {
        let written = piece.withUnsafeMutableBufferPointer { target in
          stream.next_out = target.baseAddress
          stream.avail_out = UInt32(target.count)
          status = CZip.inflate(&stream, Z_NO_FLUSH)
          return target.count - Int(stream.avail_out)
        }
        result.append(contentsOf: piece[..<written])
      }
    }
    guard result.count <= maxBytes else { throw .tooLarge }
    guard status == Z_STREAM_END else { throw .broken }
    return result
  }
}

extension Data {
  /// Two bytes at an offset from the start; zero beyond the end.
  func little16(_ offset: Int) -> UInt16 {
    guard offset >= 0, offset + 2 <= count else { return 0 }
    return UInt16(self[startIndex + offset]) | UInt16(self[startIndex + offset + 1]) << 8
  }
  func little32(_ offset: Int) -> UInt32 {
    UInt32(little16(offset)) | UInt32(little16(offset + 2)) << 16
  }
}
