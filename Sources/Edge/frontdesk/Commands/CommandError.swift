import Domain

/// What a command itself refuses.
struct CommandError: CodedError {
  let code: String
  let message: String
  var cause: (any Error)? { nil }
}
