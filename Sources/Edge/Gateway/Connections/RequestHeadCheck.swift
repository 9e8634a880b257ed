import Foundation
import NIOCore
import NIOHTTP1

/// Refuses heads that two servers might read in two ways, before they are turned into values that hide it.
///
/// - More than one Host, or none where HTTP/1.1 asks for it (RFC 9112, section 3.2).
/// - A target that names another host than Host does (section 3.2.2).
/// - A transfer encoding that is not just `chunked` (section 6.1).
final class RequestHeadCheck: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  /// What is told to the client; the connection ends with it.
  struct Refusal: Error { let problem: Problem }

  private var isRefused = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // What follows a head that was refused belongs to it, whatever it says.
    guard !isRefused else { return }
    if case .head(let head) = unwrapInboundIn(data), let problem = Self.problem(of: head) {
      isRefused = true
      context.fireErrorCaught(Refusal(problem: problem))
      return
    }
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if !isRefused { context.fireErrorCaught(error) }
  }

  static func problem(of head: HTTPRequestHead) -> Problem? {
    let hosts = head.headers["Host"]
    guard hosts.count <= 1 else { return invalid("A request names its Host once.") }
    guard hosts.count == 1 || head.version == .http1_0 else { return invalid("A request names its Host.") }
    if let authority = authority(ofAbsolute: head.uri), authority.lowercased() != hosts.first?.lowercased() {
      return invalid("The target of the request names another host than its Host header.")
    }
    let encodings = head.headers["Transfer-Encoding"]
    if encodings.contains(where: { $0.lowercased() != "chunked" }) || encodings.count > 1 {
      return invalid("The one Transfer-Encoding that is taken is chunked.")
    }
    return nil
  }

  /// - Returns: nil for a target that is only a path.
  private static func authority(ofAbsolute target: String) -> Substring? {
    guard !target.hasPrefix("/"), let separator = target.firstRange(of: "://") else { return nil }
    return target[separator.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
  }

  private static func invalid(_ message: String) -> Problem {
    Problem("invalid_request", message, closesConnection: true)
  }
}
