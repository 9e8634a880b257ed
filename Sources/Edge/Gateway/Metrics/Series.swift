import Metrics
import Synchronization

/// One line, or one histogram, of the exposition.
protocol Series: AnyObject, Sendable {
  func samples() -> [Sample]
}

struct Sample: Sendable {
  var suffix = ""
  var labels: [PrometheusRegistry.Label] = []
  var value: Double
}

final class CounterSeries: Series, CounterHandler, FloatingPointCounterHandler {
  private let value = Mutex(0.0)
  func increment(by amount: Int64) { increment(by: Double(amount)) }
  func increment(by amount: Double) {
    // A counter only ever rises.
    guard amount > 0, amount.isFinite else { return }
    value.withLock { $0 += amount }
  }
  func reset() { value.withLock { $0 = 0 } }
  func samples() -> [Sample] { [Sample(value: value.withLock { $0 })] }
}

final class GaugeSeries: Series, MeterHandler, RecorderHandler {
  private let value = Mutex(0.0)
  func set(_ new: Int64) { set(Double(new)) }
  func set(_ new: Double) { value.withLock { $0 = new } }
  func increment(by amount: Double) { value.withLock { $0 += amount } }
  func decrement(by amount: Double) { value.withLock { $0 -= amount } }
  func record(_ new: Int64) { set(Double(new)) }
  func record(_ new: Double) { set(new) }
  func samples() -> [Sample] { [Sample(value: value.withLock { $0 })] }
}

final class HistogramSeries: Series, TimerHandler, RecorderHandler {
  private struct State {
    /// By bucket, not cumulative; the last is above all bounds.
    var counts: [Int]
    var sum = 0.0
  }
  private let bounds: [Double]
  private let state: Mutex<State>

  /// - Parameter bounds: upper bounds, inclusive, ascending.
  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
  func record(_ value: Int64) { record(Double(value)) }
  func record(_ value: Double) {
    guard !value.isNaN else { return }
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock {
      $0.counts[bucket] += 1
      $0.sum += value
    }
  }

  func samples() -> [Sample] {
    let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
    var total = 0
    var samples: [Sample] = []
    for (index, count) in counts.enumerated() {
      total += count
      let bound = index < bounds.count ? PrometheusRegistry.text(bounds[index]) : "+Inf"
      samples.append(
        Sample(suffix: "_bucket", labels: [.init(name: "le", value: bound)], value: Double(total)))
    }
    samples.append(Sample(suffix: "_sum", value: sum))
    samples.append(Sample(suffix: "_count", value: Double(total)))
    return samples
  }
}
