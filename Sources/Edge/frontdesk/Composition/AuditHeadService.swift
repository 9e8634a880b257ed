import Foundation
import Security
import ServiceLifecycle

/// Takes the audit log's newest link out of reach of who could change the log: into the server's own log, and into a
/// file, at start and every hour.
struct AuditHeadService: Service {
  let workspace: Workspace
  var interval: Duration = .seconds(3600)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat {
        do { try await export() } catch {
          workspace.logger.error("audit head not exported", metadata: ["error.message": "\(error)"])
        }
      } while (try? await Task.sleep(for: interval)) != nil
    }
  }

  private func export() async throws {
    let head = try await AuditHead.newest(of: workspace.store)
    workspace.logger.notice(
      "audit head",
      metadata: [
        "frontdesk.audit.sequence": .stringConvertible(head.sequence),
        "frontdesk.audit.hash": .string(head.hash),
      ])
    guard let path = workspace.settings.auditHeadsFile else { return }
    let line = try JSONEncoder().encode(head) + Data("\n".utf8)
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .utility).async {
        continuation.resume(with: Result { try Self.append(line, to: path) })
      }
    }
  }

  /// In one write, and on the disk when it returns.
  private static func append(_ line: Data, to path: String) throws {
    if !FileManager.default.fileExists(atPath: path) {
      guard
        FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o640])
      else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path]) }
    }
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: line)
    try file.synchronize()
  }
}
