import Foundation

/// JSON objects as entries: which key plays which role, values as text.
enum JSONRecords {
  /// The list of objects in a JSON file that is one object: itself, or its only list of objects.
  static func entries(in object: [String: Any]) -> [[String: Any]]? {
    let lists = object.values.compactMap { $0 as? [[String: Any]] }.filter { !$0.isEmpty }
    if lists.count == 1 { return lists[0] }
    return kind(of: EntryColumns(object.keys.sorted())) == .other ? nil : [object]
  }

  enum Kind { case faq, article, other }

  static func kind(of columns: EntryColumns) -> Kind {
    let roles = Set(columns.roles)
    if roles.contains(.question) || roles.contains(.answer) { return .faq }
    return roles.contains(.body) || (roles.contains(.title) && roles.contains(.id)) ? .article : .other
  }

  /// Strings as they are, numbers and booleans written out; nil for null, lists and objects.
  static func scalar(_ value: Any) -> String? {
    if let text = value as? String { return text }
    if let number = value as? NSNumber {
      return isBoolean(number) ? (number.boolValue ? "true" : "false") : number.stringValue
    }
    return nil
  }

  static func list(_ value: Any) -> [String]? {
    (value as? [Any])?.compactMap(scalar)
  }

  private static func isBoolean(_ number: NSNumber) -> Bool {
    String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B"
  }
}
