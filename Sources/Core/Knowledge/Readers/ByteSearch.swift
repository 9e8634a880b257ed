import Foundation

/// Searching bytes at the speed of the C library.
extension Array where Element == UInt8 {
  func firstIndex(ofByte byte: UInt8, from: Int) -> Int? {
    guard from < count else { return nil }
    return withUnsafeBytes { buffer in
      let base = buffer.baseAddress!
      return memchr(base + from, Int32(byte), buffer.count - from).map { UnsafeRawPointer($0) - base }
    }
  }

  /// Where a few ASCII characters stand next.
  func firstIndex(ofASCII needle: StaticString, from: Int = 0) -> Int? {
    let length = needle.utf8CodeUnitCount
    guard from >= 0, from + length <= count else { return nil }
    return withUnsafeBytes { buffer in
      let base = buffer.baseAddress!
      let last = buffer.count - length
      var at = from
      while at <= last {
        guard let found = memchr(base + at, Int32(needle.utf8Start[0]), last - at + 1) else { return nil }
        at = UnsafeRawPointer(found) - base
        if memcmp(base + at, needle.utf8Start, length) == 0 { return at }
        at += 1
      }
      return nil
    }
  }
}

extension ArraySlice where Element == UInt8 {
  /// Index of the next line feed.
  var firstLineFeed: Int? {
    withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress, let found = memchr(base, 10, buffer.count) else { return nil }
      return startIndex + (UnsafeRawPointer(found) - base)
    }
  }
}
