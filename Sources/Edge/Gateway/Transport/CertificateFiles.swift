import Foundation
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// The certificate and key that new connections are shown; read again when their files change, without a restart.
final class CertificateFiles: Sendable {
  /// Tells one state of the files from another.
  private struct Stamp: Hashable {
    let parts: [String]

    init(_ files: GatewayConfiguration.TLSFiles) {
      parts = [files.certificateChain, files.privateKey].map { path in
        var found = stat()
        guard stat(path, &found) == 0 else { return "none" }
        return "\(found.st_ino) \(found.st_size) \(found.st_mtim.tv_sec) \(found.st_mtim.tv_nsec)"
      }
    }
  }

  private let files: GatewayConfiguration.TLSFiles
  private let shown: Mutex<NIOSSLContextConfigurationOverride>
  /// Of what was last looked at, also where it was refused: it is told once.
  private let seen: Mutex<Stamp>

  /// - Throws: `invalid_tls_files`.
  init(_ files: GatewayConfiguration.TLSFiles) throws(GatewayError) {
    self.files = files
    seen = Mutex(Stamp(files))
    shown = Mutex(try Self.read(files))
  }

  /// For a server whose handshakes each take what is then shown.
  func configuration() -> TLSConfiguration {
    let first = shown.withLock { $0 }
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: first.certificateChain ?? [], privateKey: first.privateKey!)
    tls.minimumTLSVersion = .tlsv12
    tls.cipherSuiteValues = Self.ciphers
    tls.applicationProtocols = GatewayChannel.protocols
    tls.sslContextCallback = { [self] _, promise in promise.succeed(shown.withLock { $0 }) }
    return tls
  }

  /// Of TLS 1.2: forward secrecy and authenticated encryption alone. Those of TLS 1.3 all are.
  private static let ciphers: [NIOTLSCipher] = [
    .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
  ]

  enum Change: Sendable, Equatable { case none, taken, refused(String) }

  /// Takes what the files hold now. A pair that does not fit, such as one that is half written, leaves the one in use.
  func reload() -> Change {
    let stamp = Stamp(files)
    guard seen.withLock({ $0 != stamp }) else { return .none }
    do {
      let new = try Self.read(files)
      shown.withLock { $0 = new }
      seen.withLock { $0 = stamp }
      return .taken
    } catch {
      seen.withLock { $0 = stamp }
      return .refused("\(error.cause.map { "\($0)" } ?? error.message)")
    }
  }

  /// Looks after the files until it is cancelled.
  func watch(every interval: Duration = .seconds(5), logger: Logger) async {
    while (try? await Task.sleep(for: interval)) != nil {
      let change = await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: self.reload()) }
      }
      switch change {
      case .none: break
      case .taken: logger.notice("TLS certificate read anew")
      case .refused(let reason):
        logger.error(
          "TLS certificate not taken, the one before stays", metadata: ["error.message": "\(reason)"])
      }
    }
  }

  private static func read(
    _ files: GatewayConfiguration.TLSFiles
  ) throws(GatewayError) -> NIOSSLContextConfigurationOverride {
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(files.certificateChain)
      var pair = NIOSSLContextConfigurationOverride()
      pair.certificateChain = chain.map { .certificate($0) }
      pair.privateKey = .privateKey(try NIOSSLPrivateKey(file: files.privateKey, format: .pem))
      // Says so where the key is another certificate's.
      _ = try NIOSSLContext(
        configuration: .makeServerConfiguration(
          certificateChain: pair.certificateChain ?? [], privateKey: pair.privateKey!))
      return pair
    } catch {
      throw GatewayError(
        .invalidTLSFiles,
        "The TLS certificate or its key cannot be read, or they do not belong together; both must be PEM files.",
        cause: error)
    }
  }
}
