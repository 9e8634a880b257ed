import Foundation
import HTTPTypes
import Hummingbird
import Retrieval

extension Response {
  /// An answer as server-sent events: `answer` parts, which joined are the text, then `done` with everything.
  static func events(_ answer: FormingAnswer) -> Response { answer.response(as: AnswerEvents(), vary: true) }
}

struct AnswerEvents: AnswerEventForm {
  let opening: [ByteBuffer] = []
  func part(_ text: String) -> ByteBuffer { Self.event("answer", JSONText.data(["text": text])) }
  func closing(_ answer: AnswerResponse) -> [ByteBuffer] { [Self.event("done", JSONText.data(answer))] }

  /// JSON holds no raw line break, so one `data` line carries it whole.
  static func event(_ name: String, _ json: Data) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeString("event: \(name)\ndata: ")
    buffer.writeBytes(json)
    buffer.writeString("\n\n")
    return buffer
  }

  /// Cuts after line breaks and sentence ends, so that a reader sees whole sentences come.
  ///
  /// - Returns: parts that joined are the text, byte for byte; none where it is empty.
  static func parts(of text: String) -> [String] {
    var parts: [String] = []
    var current = ""
    var endsSentence = false
    for character in text {
      let isSpace = character.isWhitespace
      if endsSentence, !isSpace {
        parts.append(current)
        current = ""
        endsSentence = false
      }
      current.append(character)
      if character.isNewline || "。！？".contains(character) {
        endsSentence = true
      } else if isSpace, let last = current.dropLast().last, ".!?".contains(last) {
        endsSentence = true
      }
    }
    if !current.isEmpty { parts.append(current) }
    return parts
  }
}
