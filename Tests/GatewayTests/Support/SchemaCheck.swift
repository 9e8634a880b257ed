@testable import Gateway

/// Checks a value against the subset of JSON Schema that the API's description uses.
///
/// Stricter than JSON Schema in one thing: a member that the schema does not name is an error.
struct SchemaCheck {
  let schemas: [String: JSONValue]

  /// - Returns: what is wrong, with where; empty where the value conforms.
  func problems(_ value: JSONValue, _ schema: JSONValue, at path: String = "$") -> [String] {
    if let name = schema["$ref"]?.text?.split(separator: "/").last {
      guard let target = schemas[String(name)] else { return ["\(path): no schema \(name)"] }
      return problems(value, target, at: path)
    }
    if let only = schema["const"], only != value { return ["\(path): is not \(only)"] }
    if case .array(let choices) = schema["anyOf"] ?? .null {
      let results = choices.map { problems(value, $0, at: path) }
      return results.contains(where: \.isEmpty) ? [] : results.flatMap { $0 }
    }
    let types: [String] =
      switch schema["type"] {
      case .string(let type): [type]
      case .array(let types): types.compactMap(\.text)
      default: []
      }
    guard types.isEmpty || types.contains(where: { value.isOf($0) }) else {
      return ["\(path): is \(value.typeName), not \(types.joined(separator: " or "))"]
    }
    var found: [String] = []
    if case .array(let allowed) = schema["enum"] ?? .null, !allowed.contains(value) {
      found.append("\(path): is not one of its values")
    }
    switch value {
    case .array(let elements):
      if let items = schema["items"] {
        for (index, element) in elements.enumerated() {
          found += problems(element, items, at: "\(path)[\(index)]")
        }
      }
    case .object(let members):
      let required = schema["required"]?.elements.compactMap(\.text) ?? []
      found += required.filter { members[$0] == nil }.map { "\(path): has no \($0)" }
      for (name, member) in members {
        if let property = schema["properties"]?[name] {
          found += problems(member, property, at: "\(path).\(name)")
        } else if let additional = schema["additionalProperties"] {
          found += problems(member, additional, at: "\(path).\(name)")
        } else if schema["properties"] != nil {
          found.append("\(path): has \(name), which is not described")
        }
      }
    default: break
    }
    return found
  }
}

extension JSONValue {
  fileprivate func isOf(_ type: String) -> Bool {
    switch (self, type) {
    case (.null, "null"), (.bool, "boolean"), (.integer, "integer"), (.integer, "number"),
      (.number, "number"),
      (.string, "string"), (.array, "array"), (.object, "object"):
      true
    default: false
    }
  }
}
