/// What the search index throws: a stable code, what to do, and the cause for logs.
public struct SearchIndexError: Error, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// Another process, or another index of this one, writes this folder.
    case locked = "index_locked"
    /// A change was asked of an index that was opened to read.
    case readOnly = "index_read_only"
    case closed = "index_closed"
    /// Bytes on disk are not what was written; rebuild from the store.
    case corrupt = "index_corrupt"
    /// The folder now holds an index of another identity or format; open it again.
    case changed = "index_changed"
    /// An update breaks its contract; nothing of it was applied.
    case invalidUpdate = "index_invalid_update"
    /// No space is left; what was published and written before stays valid. Try again later.
    case storageFull = "storage_full"
    case io = "index_io"
  }

  public let code: Code
  public let message: String
  public let cause: (any Error)?

  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  public var description: String {
    guard let cause else { return "\(code.rawValue): \(message)" }
    return "\(code.rawValue): \(message) (cause: \(cause))"
  }
}
