import Domain

/// What `ingest` did; encodes as the contract's JSON.
public struct IngestReport: Sendable, Encodable {
  public struct Documents: Sendable, Encodable {
    public var added = 0
    public var changed = 0
    public var unchanged = 0
    public var removed = 0
    public var failed = 0
  }
  public struct Chunks: Sendable, Encodable {
    public var added = 0
    public var kept = 0
    public var removed = 0
    public var embedded = 0
  }
  public var documents = Documents()
  public var chunks = Chunks()
  public var generation: Generation = .zero
  public var seconds = 0.0
  public var diagnostics: [Diagnostic] = []
  /// Stopped before the end by the user; what is in is in, and the same command goes on from here.
  public var isInterrupted = false

  public var isPartial: Bool { documents.failed > 0 || isInterrupted }

  enum CodingKeys: CodingKey { case documents, chunks, generation, seconds, diagnostics, interrupted }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(documents, forKey: .documents)
    try container.encode(chunks, forKey: .chunks)
    try container.encode(generation.rawValue, forKey: .generation)
    try container.encode((seconds * 1000).rounded() / 1000, forKey: .seconds)
    try container.encode(diagnostics, forKey: .diagnostics)
    if isInterrupted { try container.encode(true, forKey: .interrupted) }
  }

  mutating func count(_ receipt: DocumentReceipt) {
    switch receipt.effect {
    case .added: documents.added += 1
    case .changed: documents.changed += 1
    case .unchanged: documents.unchanged += 1
    }
    chunks.added += receipt.chunksAdded
    chunks.kept += receipt.chunksKept
    chunks.removed += receipt.chunksRemoved
  }
}

/// How far an ingest is.
public struct IngestProgress: Sendable {
  public var filesDone = 0
  public var filesTotal = 0
  public var bytesDone = 0
  public var bytesTotal = 0
  public var passagesEmbedded = 0
  public var elapsed: Duration = .zero
  /// The file last begun.
  public var path = ""

  public var passagesPerSecond: Double {
    let seconds = elapsed.milliseconds / 1000
    return seconds > 0 ? Double(passagesEmbedded) / seconds : 0
  }

  /// Time left if the rest goes as fast per byte as what is done; nil before anything is.
  public var remaining: Duration? {
    guard bytesDone > 0, bytesTotal >= bytesDone else { return nil }
    return elapsed * (Double(bytesTotal - bytesDone) / Double(bytesDone))
  }
}
