import Metrics

/// How long searches wait for a model, for operators: queueing included.
enum InferenceTimer {
  enum Task: String { case embed, rerank }

  static func measure<Value>(
    _ task: Task, model: String, isolation: isolated (any Actor)? = #isolation,
    _ work: () async throws -> Value
  ) async rethrows -> Value {
    let start = ContinuousClock.now
    let value = try await work()
    Timer(
      label: "frontdesk_inference_duration_seconds", dimensions: [("task", task.rawValue), ("model", model)]
    ).record(duration: start.duration(to: .now))
    return value
  }
}
