/// A place at work that a response keeps while it is made and written, under the rules of a request in work.
///
/// The place is free when the work ends, or when the response is let go.
struct HeldPlace: Sendable {
  private let place: Admission.Place?
  private let work: WorkInFlight?
  private let timeout: Duration

  static let none = HeldPlace(place: nil, work: nil, timeout: .zero)

  init(place: Admission.Place?, work: WorkInFlight?, timeout: Duration) {
    self.place = place
    self.work = work
    self.timeout = timeout
  }

  /// - Throws: what the operation throws, `request_timeout`, `shutting_down`.
  func run(_ operation: @escaping @Sendable () async throws -> Void) async throws {
    defer { place?.leave() }
    guard let work else { return try await operation() }
    try await work.run(timeout: timeout, operation)
  }
}
