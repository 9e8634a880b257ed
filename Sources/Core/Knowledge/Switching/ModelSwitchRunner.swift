import Domain
import Foundation
import Logging

/// Carries out the switches of a store while a server runs: those asked for, and those that someone else left.
public struct ModelSwitchRunner: Sendable {
  private let switcher: ModelSwitcher
  private let store: any DocumentStore
  private let interval: Duration
  private let logger: Logger

  /// - Parameter interval: how often it looks for one to take on.
  public init(switcher: ModelSwitcher, interval: Duration = .seconds(1), logger: Logger) {
    self.switcher = switcher
    store = switcher.store
    self.interval = interval
    self.logger = logger
  }

  /// Runs until cancelled, one knowledge base at a time.
  public func run() async {
    while !Task.isCancelled {
      do {
        for (knowledgeBase, found) in try await store.modelSwitches() where found.isUnderWay {
          try await carryOut(found, knowledgeBase)
        }
      } catch is CancellationError {
        return
      } catch {
        logger.warning("model switch goes on later", metadata: ["error": "\(error)"])
      }
      try? await Task.sleep(for: interval)
    }
  }

  private func carryOut(_ found: ModelSwitch, _ knowledgeBase: KnowledgeBase) async throws {
    let metadata: Logger.Metadata = ["kb": "\(knowledgeBase.name)", "model": "\(found.model)"]
    do {
      switch try await switcher.carryOut(knowledgeBase) {
      case .done: logger.notice("model switched", metadata: metadata)
      case .notOurs: break
      case .failed(let failure):
        logger.error("model not switched", metadata: metadata.merging(["error": "\(failure.code)"]) { $1 })
      }
    } catch let error as any CodedError where error.code == "kb_not_found" {
      // It was deleted: nothing is left to do.
    }
  }
}
