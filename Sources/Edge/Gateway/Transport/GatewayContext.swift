import Hummingbird
import NIOCore

/// What is known of a request's connection.
struct GatewayContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Whoever opened the connection; nil in tests without one.
  let peer: IPAddress?
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
    peer = source.channel.remoteAddress?.ipAddress.flatMap(IPAddress.init)
  }
}
