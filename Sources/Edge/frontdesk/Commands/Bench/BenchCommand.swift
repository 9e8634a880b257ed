import ArgumentParser

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Time a part of Frontdesk on this machine.",
    subcommands: [
      BenchFillCommand.self, BenchEncoderCommand.self, BenchLexicalCommand.self, BenchVectorsCommand.self,
    ])
}
