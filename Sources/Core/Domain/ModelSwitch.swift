import Foundation

/// A knowledge base's change to another embedding model, from the moment it is asked for until nothing is left to do.
public struct ModelSwitch: Hashable, Sendable, Codable {
  public enum State: String, Hashable, Sendable, Codable, CaseIterable {
    /// Texts get vectors of the new model; searches go on with the one before.
    case embedding
    /// The new model is set; its index is built beside the one that is searched.
    case publishing
    /// Searches use the new model; vectors that nobody uses any more go.
    case clearing
    /// Stopped by a person: it goes on where it was when it is asked for again.
    case stopped
    /// As `stopped`, for the reason that `error` gives.
    case failed
  }

  public struct Failure: Hashable, Sendable, Codable {
    public let code: String
    /// What went wrong and what to do.
    public let message: String
    public init(code: String, message: String) {
      self.code = code
      self.message = message
    }
  }

  /// Where it leads.
  public var model: String
  /// Where it comes from.
  public var previous: String
  public var state: State
  /// Texts that have a vector of `model`, of `textsTotal`.
  public var textsDone = 0
  public var textsTotal = 0
  public var error: Failure?
  public let startedAt: Date
  /// Who works on it, until `heldUntil`; nil where nobody does.
  public private(set) var holder: String?
  public private(set) var heldUntil: Date?

  public init(from previous: String, to model: String, startedAt: Date) {
    self.previous = previous
    self.model = model
    self.startedAt = startedAt
    state = .embedding
  }

  /// Whether something is to be done, rather than waiting for a person.
  public var isUnderWay: Bool { state != .stopped && state != .failed }

  /// A model beside the one in force whose vectors are wanted for all that is written.
  public var alsoWanted: String? {
    switch state {
    case .embedding: model == KnowledgeBase.noModel ? nil : model
    // The index that is still searched takes in what is written meanwhile.
    case .publishing: previous == KnowledgeBase.noModel ? nil : previous
    case .clearing, .stopped, .failed: nil
    }
  }

  /// Models whose vectors must stay.
  public var keptModels: [String] { state == .clearing ? [model] : [model, previous] }

  // MARK: Who works on it

  public func isHeld(at now: Date) -> Bool { heldUntil.map { $0 > now } ?? false }

  /// - Returns: whether it is now this holder's.
  public mutating func take(by name: String, until end: Date, now: Date) -> Bool {
    guard holder == name || !isHeld(at: now) else { return false }
    holder = name
    heldUntil = end
    return true
  }

  public mutating func release() {
    holder = nil
    heldUntil = nil
  }
}

/// The model of a knowledge base's searches, and another one that a switch wants vectors of as well.
public struct ModelsInUse: Hashable, Sendable {
  public let current: String
  public let also: String?
  public init(current: String, also: String?) {
    self.current = current
    self.also = also
  }

  /// Those that embed; the one in force first.
  public var embedding: [String] {
    ([current] + (also.map { [$0] } ?? [])).filter { $0 != KnowledgeBase.noModel }
  }
}
