/// Null counts as absent in what clients send: the description says so of every member that may be left out.
enum Nullability {
  /// - Returns: the schema with null allowed for each member of an object that is not required, at every depth.
  static func applied(to schema: JSONValue) -> JSONValue {
    guard case .object(var members) = schema else { return schema }
    if let items = members["items"] { members["items"] = applied(to: items) }
    if let further = members["additionalProperties"] {
      members["additionalProperties"] = orNull(applied(to: further))
    }
    if case .array(let choices)? = members["anyOf"] { members["anyOf"] = .array(choices.map(applied)) }
    guard case .object(let properties)? = members["properties"] else { return .object(members) }
    var required: Set<JSONValue> = []
    if case .array(let names)? = members["required"] { required = Set(names) }
    members["properties"] = .object(
      properties.reduce(into: [:]) { result, property in
        let inner = applied(to: property.value)
        result[property.key] = required.contains(.string(property.key)) ? inner : orNull(inner)
      })
    return .object(members)
  }

  private static func orNull(_ schema: JSONValue) -> JSONValue {
    let null: JSONValue = ["type": "null"]
    guard case .object(var members) = schema else { return schema }
    switch members["type"] {
    case .string(let type)?: members["type"] = [.string(type), "null"]
    case .array(let types)? where !types.contains("null"): members["type"] = .array(types + ["null"])
    case .array?: break
    default: return ["anyOf": [schema, null]]
    }
    if case .array(let values)? = members["enum"], !values.contains(.null) {
      members["enum"] = .array(values + [.null])
    }
    return .object(members)
  }
}
