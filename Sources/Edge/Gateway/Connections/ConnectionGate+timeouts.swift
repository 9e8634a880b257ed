import NIOCore

extension ConnectionGate {
  struct Timeouts: Sendable {
    var header: TimeAmount
    var body: TimeAmount
    var drain: TimeAmount
    /// From the end of a response to the next complete head, however busily its bytes come.
    var next: TimeAmount = .seconds(70)
    /// How long a client may take nothing of a response.
    var stall: TimeAmount = .seconds(60)
    /// How long what a client still sends is read after its request was refused.
    var linger: TimeAmount = .seconds(2)
  }

  /// A body that stopped before its end.
  struct IncompleteBody: Error {}
  struct BodyTimeout: Error {}
}
