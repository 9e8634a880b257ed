import Foundation
import HTTPTypes
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
    try Self.issue(key: key, certificate: certificate)

    let server = try await LiveServer(
      backend, edit: { $0.tls = .init(certificateChain: certificate, privateKey: key) })
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(certificate)
    try await TestClient.withClient(
      host: "localhost", port: server.port,
      configuration: .init(tlsConfiguration: configuration, serverName: "localhost")
    ) { client in
      let response = try await client.get("/livez", headers: [.init("Host")!: "localhost"])
      #expect(response.status == .ok)
      #expect(response.headers[.strictTransportSecurity] != nil)
    }
    // A client that never shakes hands does not hold up the stop.
    let silent = try server.connect()
    #expect(try await server.stop() < .seconds(3))
    _ = silent
  }

  /// A renewed certificate is shown to the next connection; one that does not fit its key is not.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: openssl)))
  func aRenewedCertificateIsShown() throws {
    let folder = try TemporaryFolder()
    let (key, certificate) = (folder.url.path + "/key.pem", folder.url.path + "/cert.pem")
    try Self.issue(key: key, certificate: certificate)
    let files = try CertificateFiles(.init(certificateChain: certificate, privateKey: key))
    #expect(files.reload() == .none)
    // Half of a renewal: the new key beside the old certificate.
    let (newKey, newCertificate) = (folder.url.path + "/new-key.pem", folder.url.path + "/new-cert.pem")
    try Self.issue(key: newKey, certificate: newCertificate)
    try Self.replace(key, by: newKey)
    guard case .refused = files.reload() else {
      Issue.record("a key of another certificate was taken")
      return
    }
    #expect(files.reload() == .none)
    try Self.replace(certificate, by: newCertificate)
    #expect(files.reload() == .taken)
    try FileManager.default.removeItem(atPath: key)
    guard case .refused = files.reload() else {
      Issue.record("no key was taken")
      return
    }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: openssl)))
  func aRunningServerShowsTheRenewedCertificate() async throws {
    let backend = try Backend()
    let (key, certificate) = (backend.folder.url.path + "/key.pem", backend.folder.url.path + "/cert.pem")
    try Self.issue(key: key, certificate: certificate)
    let server = try await LiveServer(
      backend,
      edit: {
        $0.tls = .init(certificateChain: certificate, privateKey: key)
        $0.certificateInterval = .milliseconds(50)
      })
    let (newKey, newCertificate) = (key + ".new", certificate + ".new")
    try Self.issue(key: newKey, certificate: newCertificate)
    let roots = certificate + ".roots"
    try FileManager.default.copyItem(atPath: newCertificate, toPath: roots)
    try Self.replace(key, by: newKey)
    try Self.replace(certificate, by: newCertificate)
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(roots)
    let deadline = ContinuousClock.now + .seconds(30)
    var status: Int?
    // Only the new certificate is trusted: until it is shown, the handshake fails.
    while status == nil, ContinuousClock.now < deadline {
      status = try? await TestClient.withClient(
        host: "localhost", port: server.port,
        configuration: .init(tlsConfiguration: configuration, serverName: "localhost")
      ) { try await $0.get("/livez", headers: [.init("Host")!: "localhost"]).status.code }
    }
    #expect(status == 200)
    try await server.stop()
  }

  private static func replace(_ file: String, by new: String) throws {
    guard rename(new, file) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  static func issue(key: String, certificate: String) throws {
    try ChildProgram.run(
      openssl,
      [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
      ])
  }
}
