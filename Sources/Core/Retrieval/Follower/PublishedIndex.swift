import SearchIndex
import Synchronization

/// The snapshot that searches read now, with the model that its vectors are of; swapped whole.
public final class PublishedIndex: Sendable {
  private let state: Mutex<(snapshot: SearchSnapshot, model: String)>

  init(_ snapshot: SearchSnapshot, model: String) { state = Mutex((snapshot, model)) }

  public var snapshot: SearchSnapshot { state.withLock { $0.snapshot } }
  public var value: (snapshot: SearchSnapshot, model: String) { state.withLock { $0 } }

  func update(_ snapshot: SearchSnapshot, model: String) {
    state.withLock { $0 = (snapshot, model) }
  }
}
