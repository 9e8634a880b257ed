import Domain
import Foundation

/// A switch as REST and the command line show it: how far it is, and nothing of who works on it.
public struct ModelSwitchStatus: Encodable, Sendable {
  private let value: ModelSwitch

  public init(_ value: ModelSwitch) { self.value = value }

  enum CodingKeys: String, CodingKey {
    case model, previous, state, error
    case textsDone = "texts_done"
    case textsTotal = "texts_total"
    case startedAt = "started_at"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(value.model, forKey: .model)
    try container.encode(value.previous, forKey: .previous)
    try container.encode(value.state, forKey: .state)
    try container.encode(value.textsDone, forKey: .textsDone)
    try container.encode(value.textsTotal, forKey: .textsTotal)
    try container.encode(
      value.startedAt.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)), forKey: .startedAt
    )
    // Null rather than absent.
    try container.encode(value.error, forKey: .error)
  }
}
