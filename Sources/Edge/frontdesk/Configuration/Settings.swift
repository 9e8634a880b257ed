import ArgumentParser
import Configuration
import Domain
import Embedding
import Foundation
import Logging
import Retrieval
import SearchIndex
import SystemPackage

/// The settings in force: flags, else environment, else file, else the table's defaults.
struct Settings: Sendable {
  struct Value: Sendable, Encodable {
    let key: String
    let value: String?
    let source: String
    let flag: String
    let variable: String
    let unit: String
    let help: String
    enum CodingKeys: CodingKey { case key, value, source, flag, variable, unit, help }
  }

  let values: [Value]
  private let byKey: [String: String]
  /// Where store and index files are; `eval` moves it.
  var data: URL

  /// - Parameter flags: by setting key.
  /// - Throws: `UsageError` where a value is not of its kind, or the file cannot be read.
  static func load(flags: [String: String], file: String?) async throws -> Settings {
    let environment = EnvironmentVariablesProvider()
    var fileReader: ConfigReader?
    if let path = file ?? ProcessInfo.processInfo.environment["FRONTDESK_CONFIG"], !path.isEmpty {
      do {
        fileReader = ConfigReader(provider: try await FileProvider<JSONSnapshot>(filePath: FilePath(path)))
      } catch {
        throw UsageError("The configuration file '\(path)' cannot be read as JSON: \(error)")
      }
    }
    let environmentReader = ConfigReader(provider: environment)
    var values: [Value] = []
    for definition in SettingDefinition.all {
      let found: (String, String)?
      if let flag = flags[definition.key] {
        found = (flag, "flag")
      } else if let variable = environmentReader.string(forKey: ConfigKey(["frontdesk", definition.key])),
        !variable.isEmpty
      {
        found = (variable, "environment")
      } else if let entry = fileReader.flatMap({ definition.text(in: $0) }) {
        found = (entry, "file")
      } else {
        found = definition.standard.isEmpty ? nil : (definition.standard, "default")
      }
      if let (value, source) = found { try definition.check(value, source: source) }
      values.append(
        Value(
          key: definition.key, value: found?.0, source: found?.1 ?? "unset", flag: definition.flag,
          variable: definition.variable, unit: definition.unit, help: definition.help))
    }
    return Settings(values: values)
  }

  private init(values: [Value]) {
    self.values = values
    byKey = Dictionary(uniqueKeysWithValues: values.compactMap { v in v.value.map { (v.key, $0) } })
    data = URL(fileURLWithPath: byKey["data"] ?? "indexes/data")
  }

  /// For printing: secrets are masked.
  var masked: [Value] {
    let secrets = Set(SettingDefinition.all.filter(\.isSecret).map(\.key))
    return values.map { value in
      guard secrets.contains(value.key), value.value != nil else { return value }
      return Value(
        key: value.key, value: "********", source: value.source, flag: value.flag, variable: value.variable,
        unit: value.unit, help: value.help)
    }
  }

  private func text(_ key: String) -> String { byKey[key] ?? "" }
  private func integer(_ key: String) -> Int { byKey[key].flatMap { Int($0) } ?? 0 }
  private func number(_ key: String) -> Double { byKey[key].flatMap { Double($0) } ?? 0 }
  private func list(_ key: String) -> [String] {
    text(key).split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }
  private func flag(_ key: String) -> Bool { byKey[key] == "true" }

  var models: URL {
    byKey["models"].map { URL(fileURLWithPath: $0) }
      ?? ModelCache.defaultFolder(environment: ProcessInfo.processInfo.environment)
  }
  var model: String { text("model") }
  var precision: EncoderPrecision { EncoderPrecision(rawValue: text("precision")) ?? .int8 }
  /// Nil for none.
  var rerankModel: String? { text("rerank_model") == KnowledgeBase.noModel ? nil : byKey["rerank_model"] }
  var rerankBudget: Duration { .milliseconds(integer("rerank_budget")) }
  var rerankWeight: Double? { byKey["rerank_weight"].flatMap(Double.init) }
  var threads: Int {
    byKey["threads"].flatMap { Int($0) } ?? ProcessInfo.processInfo.activeProcessorCount
  }
  var host: String { text("host") }
  var port: Int { integer("port") }
  var role: String { text("role") }
  var apiKey: String? { byKey["api_key"] }
  var behindProxy: Bool { flag("behind_proxy") }
  var tlsCertificate: String? { byKey["tls_certificate"] }
  var tlsKey: String? { byKey["tls_key"] }
  var maxBodyBytes: Int { integer("max_body_bytes") }
  var requestTimeout: Duration { .seconds(integer("request_timeout")) }
  var idleTimeout: Duration { .seconds(integer("idle_timeout")) }
  var maxConnections: Int { integer("max_connections") }
  /// Nil for what suits where the server listens.
  var maxConnectionsPerAddress: Int? { byKey["max_connections_per_address"].flatMap { Int($0) } }
  var maxSockets: Int { integer("max_sockets") }
  var socketPing: Duration { .seconds(integer("socket_ping")) }
  var socketTimeout: Duration { .seconds(integer("socket_timeout")) }
  var socketIdle: Duration { .seconds(integer("socket_idle")) }
  var maxConcurrentRequests: Int { integer("max_concurrent_requests") }
  var metricsOpen: Bool { flag("metrics_open") }
  /// Units a second and units at once; nil for what suits where the server listens.
  func rate(_ key: String) -> (units: Double, burst: Double)? {
    let numbers = text(key).split(separator: ",").compactMap { Double($0) }
    return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
  }
  var auditKeyFile: String? { byKey["audit_key"] }
  var masterKeyFile: String? { byKey["master_key"] }
  var redactTranscripts: Bool { flag("redact_transcripts") }
  /// Seconds; nil for ever.
  var transcriptRetention: TimeInterval? {
    integer("transcript_retention") == 0 ? nil : TimeInterval(integer("transcript_retention")) * 86_400
  }
  var auditHeadsFile: String? { byKey["audit_heads"] }
  var trustedProxies: [String] { list("trusted_proxies") }
  var allowedOrigins: [String] { list("allowed_origins") }
  var ingestHosts: [String] { list("ingest_hosts") }
  var webhookHosts: [String] { list("webhook_hosts") }
  var generationURL: String? { byKey["generation_url"] }
  var generationModel: String { text("generation_model") }
  var generationKey: String? { byKey["generation_key"] }
  /// To the first word, and to the last.
  var generationTimeouts: (first: Duration, whole: Duration) {
    let seconds = text("generation_timeout").split(separator: ",").compactMap { Double($0) }
    return (.seconds(seconds.first ?? 5), .seconds(seconds.last ?? 20))
  }
  var generationMaxTokens: Int { integer("generation_max_tokens") }
  var generationConcurrency: Int { integer("generation_concurrency") }
  /// Nil for never.
  var slowQuery: Duration? { integer("slow_query") == 0 ? nil : .milliseconds(integer("slow_query")) }
  var publishByAnother: Bool { flag("publish_by_another") }
  /// Nil for none.
  var oidcIssuer: String? { byKey["oidc_issuer"] }
  var oidcAudience: String { text("oidc_audience") }
  var oidcGroupsClaim: String { text("oidc_groups_claim") }
  var oidcRoles: String { text("oidc_roles") }
  var oidcSignIn: [String] {
    text("oidc_sign_in").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }
  /// Nil for none.
  var publicURL: String? { byKey["public_url"] }
  var oidcClientID: String? { byKey["oidc_client_id"] }
  var oidcClientSecret: String? { byKey["oidc_client_secret"] }
  var oidcScopes: [String] { text("oidc_scopes").split(separator: " ").map(String.init) }
  var sessionIdle: Duration { .seconds(integer("session_idle")) }
  var sessionLifetime: Duration { .seconds(integer("session_lifetime")) }
  var sessionGrace: Duration { .seconds(integer("session_grace")) }
  var answerTarget: Double { number("answer_target") }
  /// Nil for what suits the target.
  var answerThreshold: Double? { byKey["answer_threshold"].flatMap(Double.init) }
  /// Nil for what suits the model.
  var priors: DocumentPriors {
    var priors = DocumentPriors()
    priors.freshness = number("freshness_weight")
    priors.halfLife = number("freshness_half_life")
    priors.authority = number("authority_weight")
    return priors
  }
  var lexicalWeight: Double? { byKey["lexical_weight"].flatMap(Double.init) }
  var lexicalScale: Double { number("lexical_scale") }
  var feedbackWeight: Double { number("feedback_weight") }
  var bm25: BM25FParameters {
    func numbers(_ key: String) -> [Float] { text(key).split(separator: ",").compactMap { Float($0) } }
    return BM25FParameters(
      k1: Float(number("bm25_k1")), fieldWeights: numbers("bm25_weights"), b: numbers("bm25_b"))
  }
  var logLevel: Logger.Level { Logger.Level(rawValue: text("log_level")) ?? .notice }
}

extension SettingDefinition {
  /// The file's entry as text, whatever JSON type says it.
  fileprivate func text(in reader: ConfigReader) -> String? {
    let key = ConfigKey([key])
    switch kind {
    case .text, .choice, .numbers: return reader.string(forKey: key)
    case .flag: return reader.bool(forKey: key).map { $0 ? "true" : "false" }
    case .integer: return reader.int(forKey: key).map(String.init)
    case .number: return reader.double(forKey: key).map { String($0) }
    }
  }

  fileprivate func check(_ value: String, source: String) throws {
    func refuse(_ wanted: String) -> UsageError {
      let place = ["flag": flag, "environment": variable, "file": "'\(key)'"][source] ?? key
      return UsageError("\(place) is \(wanted), not '\(isSecret ? "********" : value)'.")
    }
    switch kind {
    case .text: break
    case .flag: if value != "true", value != "false" { throw refuse("true or false") }
    case .integer(let range):
      guard let number = Int(value), range.contains(number) else {
        throw refuse("a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
    case .number(let range):
      guard let number = Double(value), range.contains(number) else {
        throw refuse("a number from \(range.lowerBound) to \(range.upperBound)")
      }
    case .numbers(let range, let count):
      let numbers = value.split(separator: ",").map { Double($0) }
      guard numbers.count == count, numbers.allSatisfy({ $0.map(range.contains) ?? false }) else {
        throw refuse("\(count) numbers from \(range.lowerBound) to \(range.upperBound), with commas between")
      }
    case .choice(let choices):
      if !choices.contains(value) { throw refuse("one of " + choices.joined(separator: ", ")) }
    }
  }
}

/// Flags that every command takes.
struct GlobalOptions: ParsableArguments {
  @Option(help: "Folder of store and index files.") var data: String?
  @Option(help: "A JSON file of settings.") var config: String?
  @Option(help: "Folder of installed models.") var models: String?
  @Option(help: "Inference and search threads.") var threads: Int?
  @Option(help: "Least severe log line that is written.") var logLevel: String?
  @Flag(help: "Print the result as JSON.") var json = false

  /// - Parameter flags: those of the command itself, by setting key.
  func settings(_ flags: [String: String?] = [:]) async throws -> Settings {
    var all = flags.compactMapValues { $0 }
    if let data { all["data"] = data }
    if let models { all["models"] = models }
    if let threads { all["threads"] = String(threads) }
    if let logLevel { all["log_level"] = logLevel }
    return try await Settings.load(flags: all, file: config)
  }
}
