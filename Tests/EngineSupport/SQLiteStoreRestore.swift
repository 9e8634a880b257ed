import Foundation
import Store

public enum SQLiteStoreRestore {
  public static func restore(_ backup: URL, into folder: URL) throws {
    try SQLiteStore.restore(from: backup, into: folder)
  }
}
