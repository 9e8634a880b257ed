import Foundation

/// Real data and reference vectors that are kept outside the repository; absent for most users.
public enum SharedData {
  /// `FRONTDESK_SHARED`, else the folder `shared` beside the package; nil where neither exists.
  public static let folder: URL? = {
    let environment = ProcessInfo.processInfo.environment["FRONTDESK_SHARED"]
    let packageRoot = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let url =
      environment.map { URL(fileURLWithPath: $0) }
      ?? packageRoot.deletingLastPathComponent().appendingPathComponent("shared")
    return FileManager.default.fileExists(atPath: url.path) ? url : nil
  }()

  public static var isAvailable: Bool { folder != nil }

  /// A file or folder below it, or nil where it is not there.
  public static func url(_ path: String) -> URL? {
    guard let url = folder?.appendingPathComponent(path),
      FileManager.default.fileExists(atPath: url.path)
    else { return nil }
    return url
  }
}
