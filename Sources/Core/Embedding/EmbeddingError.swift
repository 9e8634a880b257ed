import Domain
import Foundation

/// What this target throws at its boundary.
///
/// Codes: `model_unknown`, `model_unsuitable`, `model_not_installed`, `model_corrupt`, `model_download_failed`,
/// `model_source_invalid`, `model_cache_unwritable`, `python_missing`, `overloaded`, `shut_down`.
public struct EmbeddingError: CodedError {
  public let code: String
  public let message: String
  public let cause: (any Error)?

  public init(code: String, message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }
}

extension EmbeddingError {
  static func modelUnknown(_ name: String) -> EmbeddingError {
    let known = ModelCatalogue.all.map(\.name).joined(separator: ", ")
    return EmbeddingError(code: "model_unknown", message: "There is no model '\(name)'. Known: \(known).")
  }

  /// - Parameter suitable: models that do what is wanted.
  static func modelUnsuitable(_ name: String, _ suitable: [ModelSpecification]) -> EmbeddingError {
    EmbeddingError(
      code: "model_unsuitable",
      message: "The model '\(name)' is for something else. For this: "
        + suitable.map(\.name).joined(separator: ", ") + "."
    )
  }

  static func modelNotInstalled(_ name: String) -> EmbeddingError {
    EmbeddingError(
      code: "model_not_installed",
      message: "The model '\(name)' is not installed. Run: frontdesk model install \(name)"
    )
  }

  /// - Parameter problem: a clause that says what is wrong with which file.
  static func modelCorrupt(_ problem: String, cause: (any Error)? = nil) -> EmbeddingError {
    EmbeddingError(
      code: "model_corrupt",
      message: "A model file is damaged: \(problem). Run `frontdesk model install NAME` to replace it.",
      cause: cause
    )
  }

  static func sourceInvalid(_ problem: String) -> EmbeddingError {
    EmbeddingError(code: "model_source_invalid", message: problem)
  }

  static func cacheUnwritable(_ folder: URL, cause: any Error) -> EmbeddingError {
    EmbeddingError(
      code: "model_cache_unwritable",
      message: "The model folder \(folder.path) cannot be written. Make room or set FRONTDESK_MODELS.",
      cause: cause
    )
  }

  static let overloaded = EmbeddingError(
    code: "overloaded",
    message: "Too many texts are waiting to be embedded. Try again in a moment."
  )
  static let shutDown = EmbeddingError(
    code: "shut_down",
    message: "The embedding service has been shut down."
  )
}
