import Foundation
import Metrics
import Synchronization

/// Keeps all metrics of the process and writes them as Prometheus reads them.
///
/// A backend of swift-metrics: counters and meters become `counter` and `gauge`; timers and recorders become
/// `histogram`s, timers in seconds. One lock, held for nanoseconds an event.
public final class PrometheusRegistry: MetricsFactory, Sendable {
  enum Kind: String, Sendable { case counter, gauge, histogram }

  private struct Family {
    let kind: Kind
    var series: [[Label]: any Series] = [:]
  }
  struct Label: Hashable, Sendable, Comparable {
    let name: String
    let value: String
    static func < (a: Label, b: Label) -> Bool { (a.name, a.value) < (b.name, b.value) }
  }
  private struct State {
    var families: [String: Family] = [:]
    var gauges: [String: @Sendable () -> Double] = [:]
    var help: [String: String] = [:]
  }

  /// Label values are bounded by what code names, never by what users type; this guards against a mistake.
  static let maxSeriesPerFamily = 2000
  static let bucketBounds: [Double] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]

  private let state = Mutex(State())

  public init() {
    // The process began about now, not when it is first asked.
    _ = ProcessFacts.gauges()
  }

  /// Says what a metric is, for its `# HELP` line.
  public func describe(_ name: String, _ text: String) {
    state.withLock { $0.help[Self.sanitized(name)] = text }
  }

  /// A gauge that is read whenever it is asked for.
  public func gauge(_ name: String, _ read: @escaping @Sendable () -> Double) {
    state.withLock { $0.gauges[Self.sanitized(name)] = read }
  }

  // MARK: MetricsFactory

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, .counter, dimensions) { CounterSeries() }
  }
  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    series(label, .counter, dimensions) { CounterSeries() }
  }
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, .gauge, dimensions) { GaugeSeries() }
  }
  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool)
    -> any RecorderHandler
  {
    aggregate
      ? series(label, .histogram, dimensions) { HistogramSeries(bounds: Self.bucketBounds) }
      : series(label, .gauge, dimensions) { GaugeSeries() }
  }
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, .histogram, dimensions) { HistogramSeries(bounds: Self.bucketBounds) }
  }
  // Series stay: a counter that vanished and came back would read as a restart.
  public func destroyCounter(_: any CounterHandler) {}
  public func destroyFloatingPointCounter(_: any FloatingPointCounterHandler) {}
  public func destroyMeter(_: any MeterHandler) {}
  public func destroyRecorder(_: any RecorderHandler) {}
  public func destroyTimer(_: any TimerHandler) {}

  /// The series of a name and its labels. Where the name is taken by another kind, or has too many series,
  /// the handler works but is not shown.
  private func series<S: Series>(
    _ name: String, _ kind: Kind, _ dimensions: [(String, String)], make: () -> S
  ) -> S {
    let name = Self.sanitized(name)
    let labels = dimensions.map { Label(name: Self.sanitized($0.0), value: $0.1) }.sorted()
    return state.withLock { state in
      var family = state.families[name] ?? Family(kind: kind)
      if let known = family.series[labels] as? S { return known }
      let made = make()
      guard family.kind == kind, family.series[labels] == nil, family.series.count < Self.maxSeriesPerFamily
      else { return made }
      family.series[labels] = made
      state.families[name] = family
      return made
    }
  }

  // MARK: Exposition

  /// All metrics in the text exposition format, version 0.0.4, ordered by name and labels.
  public func exposition() -> String {
    let (families, gauges, help) = state.withLock { ($0.families, $0.gauges, $0.help) }
    var text = ""
    func head(_ name: String, _ kind: Kind) {
      if let help = help[name] { text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n" }
      text += "# TYPE \(name) \(kind.rawValue)\n"
    }
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      head(name, family.kind)
      for (labels, series) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
        for sample in series.samples() {
          text +=
            name + sample.suffix + Self.text(labels + sample.labels) + " " + Self.text(sample.value) + "\n"
        }
      }
    }
    let process = ProcessFacts.gauges()
    for (name, value) in gauges.mapValues({ $0() }).merging(process, uniquingKeysWith: { own, _ in own })
      .sorted(by: { $0.key < $1.key })
    {
      head(name, .gauge)
      text += "\(name) \(Self.text(value))\n"
    }
    return text
  }

  static func sanitized(_ name: String) -> String {
    var name = String(
      name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") ? $0 : "_" })
    if name.first?.isNumber ?? true { name = "_" + name }
    return name
  }

  private static func text(_ labels: [Label]) -> String {
    if labels.isEmpty { return "" }
    return "{" + labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",")
      + "}"
  }

  private static func escaped(_ value: String, quotes: Bool) -> String {
    var text = value.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    if quotes { text = text.replacing("\"", with: "\\\"") }
    return text
  }

  static func text(_ value: Double) -> String {
    if value == .infinity { return "+Inf" }
    if value == -.infinity { return "-Inf" }
    if value.isNaN { return "NaN" }
    if let whole = Int64(exactly: value) { return String(whole) }
    return String(value)
  }
}
