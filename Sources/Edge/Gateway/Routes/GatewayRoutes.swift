import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Retrieval

/// Everything that the server answers.
enum GatewayRoutes {
  /// In the order in which the documentation lists them.
  ///
  /// - Parameter signIn: nil where nobody signs in.
  static func all(
    services: GatewayServices, configuration: GatewayConfiguration, signIn: SignInFlow? = nil,
    sockets: SocketHub? = nil
  ) -> [Route] {
    let api =
      search + documents(services.documentLocks, publishByAnother: configuration.publishByAnother)
      + [ingest(services, configuration)]
      + conversations + [SocketRoute.route(sockets, origins: OriginPolicy(configuration))] + privacy
      + knowledgeBases + searchRules + jobs + keys
      + webhooks(configuration.webhookHosts)
      + tokens(ownerKey: configuration.ownerKey) + sessions(signIn) + audit
      + openAI + [mcp(origins: OriginPolicy(configuration))]
    let operations = operations(metricsOpen: configuration.metricsOpen)
    // The description describes itself, too.
    let documented = api + operations + descriptions(of: [], version: "")
    return api + operations + descriptions(of: documented, version: services.version)
  }
}
