import Domain
import Foundation
import ServiceLifecycle

/// Erases what was kept for long enough, at start and every hour.
struct RetentionService: Service {
  private static let batch = 200
  let workspace: Workspace
  var interval: Duration = .seconds(3600)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat {
        do { try await eraseConversations() } catch is CancellationError { return } catch {
          workspace.logger.error("what is due is not erased", metadata: ["error.message": "\(error)"])
        }
      } while (try? await Task.sleep(for: interval)) != nil
    }
  }

  private func eraseConversations() async throws {
    guard let age = workspace.settings.transcriptRetention else { return }
    let oldest = Date() - age
    var total = 0
    while true {
      let count = try await workspace.store.eraseConversations(idleSince: oldest, limit: Self.batch)
      total += count
      if count < Self.batch { break }
      // Others write in between.
      try await Task.sleep(for: .milliseconds(100))
    }
    if total > 0 {
      workspace.logger.notice("conversations erased for their age", metadata: ["count": "\(total)"])
    }
  }
}
