import ArgumentParser
import Foundation

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Print every setting in force, and where it comes from.")
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    let settings = try await global.settings()
    if global.json { return try Console.json(["settings": settings.masked]) }
    for value in settings.masked {
      let name = value.key.padding(toLength: 24, withPad: " ", startingAt: 0)
      print("\(name) \(value.value ?? "-")  (\(value.source); \(value.variable); \(value.help))")
    }
  }
}
