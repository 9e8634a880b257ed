import Foundation

/// Everything about the server that an operator may set.
public struct GatewayConfiguration: Sendable {
  /// Address to listen on: a host name or an IP literal. Default `127.0.0.1`.
  public var host: String
  /// TCP port, 0-65535; 0 lets the system pick one. Default 8080.
  public var port: Int
  /// The owner's key (`FRONTDESK_API_KEY`); nil or empty means none. Default nil.
  public var ownerKey: String? {
    get { ownerSecret?.text }
    set { ownerSecret = newValue.flatMap { $0.isEmpty ? nil : Secret($0) } }
  }
  private var ownerSecret: Secret?
  /// Whether a proxy in front ends TLS and guards access: permits any host, and closes keyless reads, since
  /// a request from this machine may then be anyone's. Default false.
  public var behindProxy: Bool
  /// Whether `/metrics` answers without a key. Default false.
  public var metricsOpen: Bool
  /// Whether what goes to readers must be published by another than who wrote it. Default false.
  public var publishByAnother: Bool
  /// Whose JWTs open what keys open; nil trusts none. Default nil.
  public var issuer: IssuerConfiguration?
  /// How the staff signs in with a browser at that issuer; nil: not at all. Default nil.
  public var signIn: SignInConfiguration?
  /// Certificate chain and private key, as PEM files; nil speaks plain HTTP. Default nil.
  public var tls: TLSFiles?
  /// How often its files are looked at for a renewed certificate. Default 5 s.
  public var certificateInterval: Duration = .seconds(5)
  public var limits: Limits
  public var sockets = Sockets()
  /// How much each caller may ask for; nil limits nobody. Default: none.
  public var rates = Rates()
  /// Proxies whose `X-Forwarded-For` is believed. Default none.
  public var trustedProxies: [AddressRange] = []
  /// Sites whose pages may call the API from a browser, as exact origins. Default none.
  public var allowedOrigins: Set<String> = []
  /// Hosts that documents may be fetched from. Default none.
  public var ingestHosts: [IngestHost] = []
  /// Hosts that webhooks may send to. Default none: any public one, over https.
  public var webhookHosts: [IngestHost] = []
  /// What words answers, of knowledge bases whose owner allows it; nil: answers are quotes. Default nil.
  public var generation: GenerationEndpoint?
  /// From which time on a search or an answer is logged as slow; nil never. Default 1 s.
  public var slowQuery: Duration? = .seconds(1)

  public init(
    host: String = "127.0.0.1", port: Int = 8080, ownerKey: String? = nil, behindProxy: Bool = false,
    metricsOpen: Bool = false, publishByAnother: Bool = false, issuer: IssuerConfiguration? = nil,
    tls: TLSFiles? = nil, limits: Limits = Limits()
  ) {
    self.host = host
    self.port = port
    self.behindProxy = behindProxy
    self.metricsOpen = metricsOpen
    self.publishByAnother = publishByAnother
    self.issuer = issuer
    self.tls = tls
    self.limits = limits
    self.ownerKey = ownerKey
  }

  /// Paths of PEM files.
  public struct TLSFiles: Sendable {
    /// Leaf first, then intermediates.
    public var certificateChain: String
    /// Unencrypted PKCS #8 or PKCS #1.
    public var privateKey: String
    public init(certificateChain: String, privateKey: String) {
      self.certificateChain = certificateChain
      self.privateKey = privateKey
    }
  }

  /// How fast callers may go, in units of work: a read costs 1, a search 2, a write 4, an answer 8.
  public struct Rates: Sendable {
    public struct Rate: Sendable, Hashable {
      /// Units a second in the long run, above 0.
      public var units: Double
      /// Units at once after a pause, at least 1.
      public var burst: Double
      public init(units: Double, burst: Double) {
        self.units = units
        self.burst = burst
      }
    }
    /// Of each API key.
    public var key: Rate?
    /// Of each customer whom a token names.
    public var customer: Rate?
    /// Of each address, for requests without a key; a wrong key costs 10.
    public var address: Rate?

    public init(key: Rate? = nil, customer: Rate? = nil, address: Rate? = nil) {
      self.key = key
      self.customer = customer
      self.address = address
    }
  }

  /// Bounds on what clients may ask of the server.
  public struct Limits: Sendable {
    /// Largest document body, bytes, 1 KiB - 1 GiB. Default 64 MiB.
    public var maxDocumentBytes = 64 << 20
    /// Largest body of any other request, bytes, 1 KiB - 64 MiB. Default 4 MiB.
    public var maxJSONBytes = 4 << 20
    /// Largest request head, bytes, 1 KiB - 1 MiB. Default 32 KiB.
    public var maxHeaderBytes = 32 << 10
    /// Open connections, 1 - 100,000; one more is told 503 and closed. Default 768.
    public var maxConnections = 8000
    /// Of one address (IPv4) or /64 (IPv6) that is no trusted proxy, 1 - 100,000; nil for no such limit. Default nil.
    public var maxConnectionsPerAddress: Int?
    /// Reads in work at one time, 1 - 10,000. Default 64.
    public var maxReads = 64
    /// Writes in work at one time, their uploads included, 1 - 1,000. Default 8.
    public var maxWrites = 8
    /// Requests waiting for one of either, each; one more is refused at once. 0 - 100,000. Default 256.
    public var maxQueued = 256
    /// How long a request waits in that queue before it is refused. Default 2 s.
    public var queueTimeout: Duration = .seconds(2)
    /// How long reads may take. Default 30 s.
    public var readTimeout: Duration = .seconds(30)
    /// How long writes may take: embedding a large document is slow. Default 10 min.
    public var writeTimeout: Duration = .seconds(600)
    /// From a connection's start to its first complete request head. Default 10 s.
    public var headerTimeout: Duration = .seconds(10)
    /// From a request's head to the end of its body. Default 2 min.
    public var bodyTimeout: Duration = .seconds(120)
    /// How long a connection may stay silent between requests or within one. Default 60 s.
    public var idleTimeout: Duration = .seconds(60)
    /// How long fetching a document from its URL may take. Default 30 s.
    public var fetchTimeout: Duration = .seconds(30)
    /// How long requests in work may go on after a stop signal. Default 6 s.
    public var drainTimeout: Duration = .seconds(6)
    public init() {}
  }

  /// Whether only this machine's own programs are served: no proxy brings in others.
  public var isLocal: Bool { isLoopback && !behindProxy }

  /// Whether only this machine can reach `host`.
  var isLoopback: Bool { LoopbackName.matches(host) }
}

/// A text that no description, dump or log line shows.
struct Secret: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  let text: String
  init(_ text: String) { self.text = text }
  var description: String { "***" }
  var customMirror: Mirror { Mirror(self, children: []) }
}

/// Tells the names of this machine from names that reach further.
enum LoopbackName {
  /// - Parameter host: a name or an IP literal, IPv6 with or without brackets; without a port.
  static func matches(_ host: String) -> Bool {
    let host = host.lowercased()
    if ["localhost", "localhost.", "::1", "[::1]"].contains(host) { return true }
    let octets = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return octets.count == 4 && octets[0] == 127 && octets.allSatisfy { $0 != nil }
  }

  /// Takes the port off an authority (`host:port`) first.
  static func matches(authority: String) -> Bool {
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return false }
      return matches(String(authority[...end]))
    }
    let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.first.map { matches(String($0)) } ?? false
  }
}
