import SearchIndex
import Synchronization

/// What searches read now, swapped whole: a snapshot, the model that its vectors are of, and the rules of its knowledge
/// base.
public final class PublishedIndex: Sendable {
  public struct State: Sendable {
    public let snapshot: SearchSnapshot
    public let model: String
    let rules: RuleBook
    /// Nil where the knowledge base was not calibrated.
    let calibrator: AnswerCalibrator?
  }

  private let state: Mutex<State>

  init(_ snapshot: SearchSnapshot, model: String) {
    state = Mutex(State(snapshot: snapshot, model: model, rules: .empty, calibrator: nil))
  }

  public var snapshot: SearchSnapshot { value.snapshot }
  public var value: State { state.withLock { $0 } }

  func update(_ new: State) { state.withLock { $0 = new } }
}
