import Foundation
import HTTPTypes
import Hummingbird
import NIOHTTP1

/// Takes in the body of a request, up to a limit.
struct BodyReader: Sendable {
  private let expects: Route.Body
  private let limit: Int

  init(expects: Route.Body, limits: GatewayConfiguration.Limits) {
    self.expects = expects
    limit = expects == .document || expects == .lines ? limits.maxDocumentBytes : limits.maxJSONBytes
  }

  /// Refuses by its head what would be refused later.
  ///
  /// - Throws: `too_large`, `unsupported_type`, `unsupported_encoding`.
  func checkHead(_ request: Request) throws(Problem) {
    if let length = declaredLength(request), length > limit { throw .tooLarge(limit) }
    let headers = request.headers
    if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
      throw Problem(
        "unsupported_encoding", "Bodies are taken as they are; send it without Content-Encoding.",
        closesConnection: true)
    }
    if expects == .json, let type = MediaTypeName.essence(of: headers[.contentType]),
      !MediaTypeName.isJSON(type)
    {
      throw .unsupportedType(type)
    }
  }

  /// - Throws: `too_large`, `incomplete_body`, `body_timeout`, `invalid_body`; each closes the connection.
  func read(_ request: Request) async throws(Problem) -> Data {
    var data = Data()
    let declared = declaredLength(request)
    do {
      for try await part in request.body {
        guard data.count + part.readableBytes <= limit else { throw Problem.tooLarge(limit) }
        // Grown as bytes come, not as they are announced.
        part.withUnsafeReadableBytes { data.append(contentsOf: $0) }
      }
    } catch let problem as Problem {
      throw problem
    } catch is ConnectionGate.BodyTimeout {
      throw Problem(
        "body_timeout", "The body did not come in time; send it faster or in smaller parts.",
        closesConnection: true)
    } catch is HTTPParserError {
      throw Problem("invalid_body", "The body is not sent as HTTP/1.1 asks.", closesConnection: true)
    } catch {
      throw .incompleteBody
    }
    if let declared, data.count < declared { throw .incompleteBody }
    return data
  }

  private func declaredLength(_ request: Request) -> Int? {
    request.headers[.contentLength].flatMap { Int($0) }
  }
}

extension Problem {
  fileprivate static let incompleteBody = Problem(
    "incomplete_body", "The body ended before its declared length; send it again.", closesConnection: true)
}
