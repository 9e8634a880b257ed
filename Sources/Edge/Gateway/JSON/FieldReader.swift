import Foundation

/// Reads the fields of a JSON object, and gathers everything that is wrong with them before it complains.
///
/// Null counts as absent. Members that nobody reads are ignored, so that clients may be newer than servers.
struct FieldReader {
  private let members: [String: JSONValue]
  private let path: String
  private(set) var errors: [Problem.Detail] = []

  /// - Throws: `invalid_json` where the body is no object.
  init(body: Data) throws(Problem) {
    let value: JSONValue
    do {
      value = try JSONParser.parse(body)
    } catch {
      throw Problem.invalidJSON(error)
    }
    guard case .object(let members) = value else {
      throw Problem("invalid_json", "The body is \(value.typeName); send an object, {...}.")
    }
    self.init(members: members, path: "")
  }

  private init(members: [String: JSONValue], path: String) {
    self.members = members
    self.path = path
  }

  /// - Throws: all that was found wrong, under the code of the first.
  func finish() throws(Problem) {
    guard let first = errors.first else { return }
    throw Problem(first.code, "\(first.field ?? "The body"): \(first.message)", errors: errors)
  }

  mutating func fail(_ field: String, _ message: String, code: String = "invalid_field") {
    // A problem stays small, however wrong its request was.
    guard errors.count < 32 else { return }
    errors.append(Problem.Detail(field: path + field, code: code, message: message))
  }

  func has(_ field: String) -> Bool { value(field) != nil }

  func value(_ field: String) -> JSONValue? {
    switch members[field] {
    case nil, .null: nil
    case .some(let value): value
    }
  }

  /// Whether a field is there, null or not.
  func isGiven(_ field: String) -> Bool { members[field] != nil }

  // MARK: Scalars

  /// - Parameter maxBytes: of UTF-8.
  mutating func string(
    _ field: String, code: String = "invalid_field", maxBytes: Int = .max, allowsNUL: Bool = false
  ) -> String? {
    guard let value = value(field) else { return nil }
    guard case .string(let string) = value else {
      return wrongType(field, "a string", value, code)
    }
    return checked(string, field, code, maxBytes, allowsNUL)
  }

  mutating func requiredString(_ field: String, allowsNUL: Bool = false) -> String {
    guard has(field) else {
      fail(field, "it is missing; send a string.", code: "missing_field")
      return ""
    }
    return string(field, allowsNUL: allowsNUL) ?? ""
  }

  mutating func integer(_ field: String, in range: ClosedRange<Int64>, code: String) -> Int64? {
    guard let value = value(field) else { return nil }
    let number: Int64?
    switch value {
    case .integer(let integer): number = integer
    // 10.0 is ten to JSON.
    case .number(let double): number = Int64(exactly: double)
    default: number = nil
    }
    guard let number, range.contains(number) else {
      let bound =
        range.upperBound == .max
        ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
      fail(field, "it must be a whole number, \(bound).", code: code)
      return nil
    }
    return number
  }

  mutating func bool(_ field: String) -> Bool? {
    guard let value = value(field) else { return nil }
    guard case .bool(let bool) = value else { return wrongType(field, "true or false", value) }
    return bool
  }

  /// One of the raw values of an enumeration.
  mutating func choice<T: RawRepresentable & CaseIterable>(
    _ field: String, _ type: T.Type = T.self, code: String
  ) -> T? where T.RawValue == String {
    guard let value = value(field) else { return nil }
    if case .string(let string) = value, let choice = T(rawValue: string) { return choice }
    fail(field, "it must be one of \(T.allCases.map(\.rawValue).joined(separator: ", ")).", code: code)
    return nil
  }

  // MARK: Lists and objects

  mutating func strings(_ field: String, code: String = "invalid_field", maxCount: Int, maxBytes: Int)
    -> [String]?
  {
    guard let value = value(field) else { return nil }
    guard case .array(let elements) = value else {
      return wrongType(field, "a list of strings", value, code)
    }
    guard elements.count <= maxCount else {
      fail(field, "it may hold at most \(maxCount).", code: code)
      return nil
    }
    return elements.enumerated().compactMap { index, element in
      guard case .string(let string) = element else {
        return wrongType("\(field)[\(index)]", "a string", element, code)
      }
      return checked(string, "\(field)[\(index)]", code, maxBytes, false)
    }
  }

  /// An object whose members are strings; numbers and booleans are taken as they are written.
  mutating func stringMap(_ field: String, maxCount: Int, maxBytes: Int) -> [String: String]? {
    guard let value = value(field) else { return nil }
    guard case .object(let members) = value else { return wrongType(field, "an object", value) }
    guard members.count <= maxCount else {
      fail(field, "it may hold at most \(maxCount) members.")
      return nil
    }
    var map: [String: String] = [:]
    for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
      guard checked(key, field, "invalid_field", 256, false) != nil else { continue }
      guard let text = value.scalarText else {
        let _: String? = wrongType("\(field).\(key)", "a string", value)
        continue
      }
      map[key] = checked(text, "\(field).\(key)", "invalid_field", maxBytes, false)
    }
    return map
  }

  /// Conditions: an object whose members are a string or a list of strings.
  mutating func conditions(_ field: String, code: String, maxCount: Int) -> [String: [String]]? {
    guard let value = value(field) else { return nil }
    guard case .object(let members) = value else { return wrongType(field, "an object", value, code) }
    guard members.count <= maxCount else {
      fail(field, "it may hold at most \(maxCount) keys.", code: code)
      return nil
    }
    var conditions: [String: [String]] = [:]
    for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
      guard checked(key, field, code, 256, false) != nil else { continue }
      let elements = if case .array(let elements) = value { elements } else { [value] }
      guard !elements.isEmpty, elements.count <= maxCount else {
        fail(
          "\(field).\(key)", "it must hold 1 to \(maxCount) values; leave the key out to allow any.",
          code: code)
        continue
      }
      conditions[key] = elements.compactMap { element in
        guard let text = element.scalarText else {
          return wrongType("\(field).\(key)", "a string or a list of strings", element, code)
        }
        return checked(text, "\(field).\(key)", code, 4096, true)
      }
    }
    return conditions
  }

  /// An object, read with a reader of its own.
  mutating func object<T>(_ field: String, read: (inout FieldReader) -> T) -> T? {
    guard let value = value(field) else { return nil }
    guard case .object(let members) = value else { return wrongType(field, "an object", value) }
    var reader = FieldReader(members: members, path: "\(path)\(field).")
    let result = read(&reader)
    errors += reader.errors
    return result
  }

  /// A list of objects, each read with a reader of its own.
  mutating func objects<T>(
    _ field: String, code: String, maxCount: Int, read: (inout FieldReader) -> T
  ) -> [T]? {
    guard let value = value(field) else { return nil }
    guard case .array(let elements) = value else { return wrongType(field, "a list of objects", value, code) }
    guard elements.count <= maxCount else {
      fail(field, "it may hold at most \(maxCount).", code: code)
      return nil
    }
    return elements.enumerated().compactMap { index, element in
      guard case .object(let members) = element else {
        return wrongType("\(field)[\(index)]", "an object", element, code)
      }
      var reader = FieldReader(members: members, path: "\(path)\(field)[\(index)].")
      let result = read(&reader)
      errors += reader.errors
      return result
    }
  }

  // MARK: Complaints

  private mutating func wrongType<T>(
    _ field: String, _ expected: String, _ value: JSONValue, _ code: String = "invalid_field"
  ) -> T? {
    fail(field, "it must be \(expected), not \(value.typeName).", code: code)
    return nil
  }

  private mutating func checked(
    _ string: String, _ field: String, _ code: String, _ maxBytes: Int, _ allowsNUL: Bool
  ) -> String? {
    if string.utf8.count > maxBytes {
      fail(field, "it may have at most \(maxBytes) bytes.", code: code)
      return nil
    }
    // Stores and C libraries end strings at NUL: what comes after would be lost without a word.
    if !allowsNUL, string.utf8.contains(0) {
      fail(field, "it must not contain NUL (\\u0000).", code: code)
      return nil
    }
    return string
  }
}

extension JSONValue {
  /// A string, number or boolean as text; nil for everything else.
  var scalarText: String? {
    switch self {
    case .string(let value): value
    case .integer(let value): String(value)
    case .number(let value): String(value)
    case .bool(let value): String(value)
    case .null, .array, .object: nil
    }
  }
}
