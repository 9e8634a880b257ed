import Foundation
import TextAnalysis

/// Tells text that speaks to a language model from text that speaks to readers.
///
/// A list of forms, and so no proof of the contrary: what an instruction asks for is kept out by `SupportCheck`; this
/// keeps what it says from being taken for evidence.
enum InstructionText {
  static func isFound(in text: String) -> Bool {
    // Invisible letters would come between those of a word.
    let folded = TextNormalizer.folded(visible(text)).split(whereSeparator: \.isWhitespace).joined(
      separator: " ")
    return marks.contains(where: folded.contains) || pairs.contains { $0.isFound(in: folded) }
      || openings.contains { opensSentence($0, folded) } || hasEncodedRun(text)
  }

  /// Whether there are characters that no reader sees and a model reads: tags, zero-width ones, overrides of direction.
  static func hasHiddenCharacters(_ text: String) -> Bool { text.unicodeScalars.contains(where: isHidden) }

  private static func visible(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { !isHidden($0) }))
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x200B, 0x2060...0x206F, 0x202A...0x202E, 0xFEFF, 0xE0000...0xE007F: true
    case 0x00...0x08, 0x0E...0x1F, 0x7F...0x9F: scalar.value != 0x85
    default: false
    }
  }

  /// A verb, and not far behind it what it is about.
  private struct Pair {
    let verbs: [String]
    let objects: [String]

    init(_ verbs: String, _ objects: String) {
      self.verbs = verbs.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      self.objects = objects.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    func isFound(in text: String) -> Bool {
      verbs.contains { verb in
        var rest = text[...]
        while let found = rest.range(of: verb) {
          // "Answer", not the end of another word.
          guard found.lowerBound == text.startIndex || !text[text.index(before: found.lowerBound)].isCased
          else {
            rest = rest[found.upperBound...]
            continue
          }
          let near = rest[found.upperBound...].prefix(60)
          if objects.contains(where: near.contains) { return true }
          rest = rest[found.upperBound...]
        }
        return false
      }
    }
  }

  private static let pairs = [
    Pair(
      "ignore, disregard, forget, override, bypass, overwrite",
      "instruction, prompt, guideline, previous text, above text, prior text, earlier text, previous message, "
        + "everything above, everything before, all of the above, your rules, the rules, these rules, all rules, "
        + "previous rules, system message, directive"),
    Pair(
      "ignoriere, ignorieren sie, ignoriert, vergiss, vergessen sie, missachte",
      "anweisung, instruktion, vorgabe, prompt, regeln"),
    Pair("ignore, ignorez, oublie, oubliez, negligez", "instruction, consigne, directive"),
    Pair("ignora, olvida, olvide, ignore", "instruccion, indicacion, ordenes, reglas"),
    Pair("ignora, ignorate, dimentica", "istruzion, regole"),
    Pair("ignore, ignora, esqueca, esquece", "instruc"),
    Pair("negeer, vergeet", "instructie, opdracht, regels"),
    Pair("игнорируй, игнорируйте, забудь, забудьте", "инструкц, указани, правил"),
    Pair("忽略, 无视, 無視, 忘记", "指令, 指示, 说明, 命令, 提示"),
    Pair(
      "you are now, pretend, act as", "assistant, language model, chatbot, jailbroken, developer mode, dan"),
    Pair(
      "tell, say, inform, reply, answer, respond, write, output, print, recommend",
      "the user that, users that, the customer that, customers that, the reader that, every user that, "
        + "every customer that, any customer that, only with, with the following"),
    Pair(
      "assistants, assistant, chatbot, chatbots, llm, bot, bots",
      "must say, must answer, must tell, must reply, "
        + "should say, should answer, should tell, should reply, has to say, has to answer"),
  ]

  private static let marks = [
    "system prompt", "systemprompt", "as an ai ", "ai language model", "language model must", "<|im_",
    "<|system",
    "[inst]", "<<sys>>", "</system", "<system", "### instruction", "new instructions:",
    "updated instructions",
    "important instructions", "instructions for the assistant", "instructions for ai",
    "instruction to the model",
    "note to the assistant", "note to ai", "note for ai", "attention ai", "dear ai", "prompt injection",
    "end of document", "end of passage", "end of context", "do anything now", "developer mode",
  ]

  private static let openings = [
    "say that ", "answer that ", "reply that ", "respond that ", "claim that ", "say:", "system:",
    "assistant:",
    "antworte, dass ", "antworte dass ", "sage, dass ", "sag, dass ", "dis que ", "dites que ", "di que ",
    "responde que ", "reponds que ",
  ]

  private static func opensSentence(_ opening: String, _ text: String) -> Bool {
    var rest = text[...]
    while let found = rest.range(of: opening) {
      let before = text[..<found.lowerBound].last { !" *_>#-\"'(".contains($0) }
      if before.map({ ".!?:;".contains($0) }) ?? true { return true }
      rest = rest[found.upperBound...]
    }
    return false
  }

  /// A long run of base64 or hexadecimal digits: whatever it says, it says it to machines.
  private static func hasEncodedRun(_ text: String) -> Bool {
    text.split { $0.isWhitespace || "\"'()<>[]".contains($0) }.contains { run in
      guard run.utf8.count >= 40, !run.contains("://"), !run.contains(".") else { return false }
      guard run.utf8.allSatisfy({ isEncoding($0) }) else { return false }
      return run.contains(where: \.isNumber)
        || (run.contains(where: \.isUppercase) && run.contains(where: \.isLowercase))
    }
  }

  private static func isEncoding(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="),
      UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
