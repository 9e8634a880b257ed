import Foundation
import Hummingbird
import HummingbirdTesting
import NIOSSL
import TestSupport
import Testing

@testable import Gateway

@Suite struct TLSTests {
  static let openssl = "/usr/bin/openssl"

  @Test func filesThatAreNoneAreRefused() throws {
    let backend = try Backend()
    #expect(throws: GatewayError.self) {
      try backend.gateway(edit: {
        $0.tls = .init(certificateChain: "/nowhere/a.pem", privateKey: "/nowhere/b.pem")
      })
    }
    let garbage = try backend.folder.file("a.pem", "not a certificate").path
    #expect(throws: GatewayError.self) {
      try backend.gateway(edit: { $0.tls = .init(certificateChain: garbage, privateKey: garbage) })
    }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: openssl)))
  func speaksTLS() async throws {
    let backend = try Backend()
    let (key, certificate) = (backend.folder.url.path + "/key.pem", backend.folder.url.path + "/cert.pem")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.openssl)
    process.arguments = [
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1",
      "-subj",
      "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
    ]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)

    let server = try await LiveServer(
      backend, edit: { $0.tls = .init(certificateChain: certificate, privateKey: key) })
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(certificate)
    try await TestClient.withClient(
      host: "localhost", port: server.port,
      configuration: .init(tlsConfiguration: configuration, serverName: "localhost")
    ) { client in
      let response = try await client.get("/livez")
      #expect(response.status == .ok)
      #expect(response.headers[.strictTransportSecurity] != nil)
    }
    // A client that never shakes hands does not hold up the stop.
    let silent = try server.connect()
    #expect(try await server.stop() < .seconds(3))
    _ = silent
  }
}
