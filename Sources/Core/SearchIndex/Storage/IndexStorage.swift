/// The files of one index: the only way in which the index touches a disk.
///
/// Names are plain file names. Errors are `storage_full` or `index_io`.
package protocol IndexStorage: Sendable {
  /// Names of the files there, in no order; none where the folder does not exist.
  func names() throws(SearchIndexError) -> [String]

  /// Creates a file, or empties the one of that name.
  func create(_ name: String) throws(SearchIndexError) -> any StorageFile

  /// The bytes of a file as they are now; nil where there is none.
  func map(_ name: String) throws(SearchIndexError) -> StoredBytes?

  /// Gives a file another name, atomically replacing what bore it.
  func rename(_ name: String, to newName: String) throws(SearchIndexError)

  func remove(_ name: String) throws(SearchIndexError)

  /// Makes creations, renames and removals durable.
  func sync() throws(SearchIndexError)
}

/// A file being written, front to back.
package protocol StorageFile: AnyObject {
  func write(_ bytes: UnsafeRawBufferPointer) throws(SearchIndexError)
  /// Makes what was written durable.
  func sync() throws(SearchIndexError)
  func close() throws(SearchIndexError)
}
