import Domain
import Foundation

/// Refuses to open to the network what is not guarded.
enum ListenPolicy {
  /// - Throws: `insecure_listen` where others than this machine can connect without a key, or in the clear,
  ///   and no proxy is declared to stand in front.
  static func check(_ configuration: GatewayConfiguration, keys: any AccessKeyStore) async throws {
    if configuration.isLoopback || configuration.behindProxy { return }
    var hasKey = configuration.ownerKey != nil
    if !hasKey {
      let now = Date()
      hasKey = try await keys.accessKeys().contains { $0.isUsable(at: now) }
    }
    guard hasKey, configuration.tls != nil else {
      throw GatewayError(
        .insecureListen,
        """
        \(configuration.host) can be reached from other machines: set FRONTDESK_API_KEY (or make a key) and \
        give a TLS certificate, or pass --behind-proxy where a proxy provides both.
        """)
    }
  }
}
