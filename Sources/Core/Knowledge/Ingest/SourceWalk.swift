import Domain
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A regular file that ingest will look at.
struct FoundFile: Sendable, Hashable {
  /// The PATH that was given, absolute.
  let root: String
  /// Relative to the root; a file given by itself has its name. This is its external id.
  let path: String
  let absolutePath: String
  let bytes: Int
  let modified: Date
}

/// The files below some paths, in order of their ids, and what could not be looked at.
struct SourceWalk: Sendable {
  private(set) var files: [FoundFile] = []
  private(set) var diagnostics: [Diagnostic] = []

  /// - Parameters:
  ///   - paths: files or folders; relative ones are of the working folder.
  ///   - ignoring: patterns of the command line, added to each folder's `.frontdeskignore`.
  /// - Throws: `path_not_found`; `duplicate_id` where two files claim one id.
  init(_ paths: [String], ignoring patterns: [String] = []) throws(KnowledgeError) {
    for path in paths {
      let root = Self.absolute(path)
      guard let status = Self.status(root) else {
        throw KnowledgeError(.pathNotFound, "There is no file or folder '\(path)'.")
      }
      switch status.kind {
      case .folder: walk(root: root, folder: "", rules: IgnoreRules(patterns: patterns))
      case .file:
        files.append(
          FoundFile(
            root: root, path: URL(fileURLWithPath: root).lastPathComponent, absolutePath: root,
            bytes: status.bytes, modified: status.modified))
      case .other: throw KnowledgeError(.pathNotFound, "'\(path)' is neither a file nor a folder.")
      }
    }
    files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    for (a, b) in zip(files, files.dropFirst()) where ExactString(a.path) == ExactString(b.path) {
      throw KnowledgeError(
        .duplicateID,
        "'\(a.absolutePath)' and '\(b.absolutePath)' both have the id '\(a.path)'; nothing was written. "
          + "Ingest a folder above both, or one of them alone.")
    }
  }

  static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  private mutating func walk(root: String, folder: String, rules: IgnoreRules) {
    // A list of folders still to visit, not recursion: depth is the user's.
    var waiting = [(folder: folder, rules: rules)]
    while let (folder, inherited) = waiting.popLast() {
      let absolute = folder.isEmpty ? root : root + "/" + folder
      let names: [String]
      do { names = try FileManager.default.contentsOfDirectory(atPath: absolute).sorted() } catch {
        diagnostics.append(Self.unreadable(folder.isEmpty ? root : folder, "The folder cannot be listed."))
        continue
      }
      var rules = inherited
      if names.contains(IgnoreRules.fileName),
        let text = try? String(contentsOfFile: absolute + "/" + IgnoreRules.fileName, encoding: .utf8)
      {
        rules.add(text.split(separator: "\n").map(String.init), base: folder)
      }
      for name in names {
        let path = folder.isEmpty ? name : folder + "/" + name
        guard let status = Self.status(root + "/" + path) else {
          if !rules.ignores(path, isFolder: false) {
            diagnostics.append(Self.unreadable(path, "The file cannot be looked at; is it a dangling link?"))
          }
          continue
        }
        guard !rules.ignores(path, isFolder: status.kind == .folder) else { continue }
        switch status.kind {
        case .folder where status.isLink:
          // Following could loop, or leave the folder that was given.
          diagnostics.append(
            Diagnostic(
              path: path, code: "link_skipped", message: "A link to a folder is not followed.",
              remedy: "Give the folder it points to as a path of its own.", severity: .warning))
        case .folder: waiting.append((path, rules))
        case .file:
          files.append(
            FoundFile(
              root: root, path: path, absolutePath: root + "/" + path, bytes: status.bytes,
              modified: status.modified))
        case .other:
          diagnostics.append(Self.unreadable(path, "It is neither a file nor a folder."))
        }
      }
    }
  }

  private static func unreadable(_ path: String, _ message: String) -> Diagnostic {
    Diagnostic(
      path: path, code: "unreadable_file", message: message,
      remedy: "Check that it exists and may be read by this user, or list it in \(IgnoreRules.fileName).")
  }

  private struct Status {
    enum Kind { case file, folder, other }
    let kind: Kind
    let isLink: Bool
    let bytes: Int
    let modified: Date
  }

  /// Follows links: a link to a file counts as that file.
  private static func status(_ path: String) -> Status? {
    var info = stat()
    guard lstat(path, &info) == 0 else { return nil }
    let isLink = info.st_mode & S_IFMT == S_IFLNK
    if isLink, stat(path, &info) != 0 { return nil }
    let kind: Status.Kind =
      switch info.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      default: .other
      }
    let modified = Double(info.st_mtim.tv_sec) + Double(info.st_mtim.tv_nsec) / 1e9
    return Status(
      kind: kind, isLink: isLink, bytes: Int(info.st_size), modified: Date(timeIntervalSince1970: modified))
  }
}
