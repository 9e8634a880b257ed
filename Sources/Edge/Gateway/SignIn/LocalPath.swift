/// A place on this server that a browser may be sent to.
enum LocalPath {
  static let maxBytes = 1024

  /// Whether it is a path, and one that no browser and no proxy takes for another host's.
  static func isValid(_ path: String) -> Bool {
    guard path.utf8.count <= maxBytes, path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), isLocal(path),
      let decoded = PercentEncoding.decode(path)
    else { return false }
    // Decoded once more it must not lead elsewhere either; signing in must not lead to signing in.
    return isLocal(decoded) && !decoded.lowercased().hasPrefix("/v1/session/")
  }

  private static func isLocal(_ path: String) -> Bool {
    path.hasPrefix("/")
      && !path.unicodeScalars.contains { $0 == "\\" || $0.value < 0x20 || $0.value == 0x7F }
      && !path.contains("//")
  }
}
