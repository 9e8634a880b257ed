import Foundation
import GRDB
import Logging
import Synchronization

/// Tells listeners of new changes: this process's at once, others' by polling.
///
/// The poll runs on a dispatch queue of its own and only while someone listens. It asks a connection of its
/// own for `PRAGMA data_version`, which costs microseconds and changes with any other connection's commit,
/// and looks at the head only then.
final class ChangeSignals: Sendable {
  private struct State {
    var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextListener = 0
    /// The newest change that listeners have been told of.
    var told: Int64 = 0
    var isPolling = false
    var isFinished = false
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "frontdesk.store.signals")
  private let database: URL
  private let options: SQLiteStore.Options
  private let head: @Sendable (Database) throws -> Int64

  /// - Parameter head: the number of the newest change, which only grows.
  init(
    database: URL, options: SQLiteStore.Options, head: @escaping @Sendable (Database) throws -> Int64
  ) {
    self.database = database
    self.options = options
    self.head = head
  }

  func stream() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let (listener, startsPolling) = state.withLock { state -> (Int?, Bool) in
      guard !state.isFinished else { return (nil, false) }
      let listener = state.nextListener
      state.nextListener += 1
      state.listeners[listener] = continuation
      let starts = !state.isPolling
      state.isPolling = true
      return (listener, starts)
    }
    continuation.yield()
    guard let listener else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { _ = $0.listeners.removeValue(forKey: listener) }
    }
    if startsPolling { queue.async { [weak self] in self?.poll(Observer()) } }
    return stream
  }

  /// Called after each commit of this process, and by the poll.
  func committed(_ change: Int64) {
    let listeners = state.withLock { state -> [AsyncStream<Void>.Continuation] in
      guard change > state.told else { return [] }
      state.told = change
      return Array(state.listeners.values)
    }
    for listener in listeners { listener.yield() }
  }

  /// Called after a commit whose number is not at hand.
  func wake() {
    let listeners = state.withLock { Array($0.listeners.values) }
    for listener in listeners { listener.yield() }
  }

  /// Ends all streams.
  func finish() {
    let listeners = state.withLock { state -> [AsyncStream<Void>.Continuation] in
      state.isFinished = true
      defer { state.listeners.removeAll() }
      return Array(state.listeners.values)
    }
    for listener in listeners { listener.finish() }
  }

  /// The poll's connection, opened at the first poll and handed from one to the next.
  private struct Observer: Sendable {
    var connection: DatabaseQueue?
    var dataVersion: Int64?
  }

  private func poll(_ observer: Observer) {
    let goesOn = state.withLock { state in
      state.isPolling = !state.listeners.isEmpty
      return state.isPolling
    }
    guard goesOn else { return }
    var observer = observer
    do {
      try look(&observer)
    } catch {
      // Listeners only hear later; the next poll tries with a new connection.
      options.logger.debug("change poll failed", metadata: ["error": "\(error)"])
      observer = Observer()
    }
    queue.asyncAfter(deadline: .now() + options.pollInterval / .seconds(1)) { [weak self, observer] in
      self?.poll(observer)
    }
  }

  private func look(_ observer: inout Observer) throws {
    let connection =
      try observer.connection
      ?? DatabaseQueue(
        path: database.path,
        configuration: DatabaseFile.configuration(options, readOnly: true)
      )
    observer.connection = connection
    let known = observer.dataVersion
    let (version, newest) = try connection.unsafeRead { [head] db -> (Int64?, Int64?) in
      let version = try db.integer("PRAGMA data_version")
      return (version, version == known ? nil : try head(db))
    }
    observer.dataVersion = version
    if let newest { committed(newest) }
  }
}
