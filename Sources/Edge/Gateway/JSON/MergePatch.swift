/// JSON Merge Patch (RFC 7396).
enum MergePatch {
  /// - Returns: `target` with the members of `patch` in the place of its own; null takes one away.
  static func apply(_ patch: JSONValue, to target: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var members: [String: JSONValue] = [:]
    if case .object(let own) = target { members = own }
    for (name, change) in changes {
      // Said by name: a nil assigned here would be JSON's null, which is a member.
      if change == .null {
        members.removeValue(forKey: name)
      } else {
        members[name] = apply(change, to: members[name] ?? .null)
      }
    }
    return .object(members)
  }
}
