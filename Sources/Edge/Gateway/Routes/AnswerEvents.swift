import Foundation
import HTTPTypes
import Hummingbird
import Retrieval

extension Response {
  /// An answer as server-sent events: `answer` parts, which joined are the text, then `done` with everything.
  static func events(of answer: AnswerResponse) -> Response {
    let parts = AnswerEvents.parts(of: answer.answer.text).map { part in
      AnswerEvents.event("answer", JSONText.data(["text": part]))
    }
    let events = parts + [AnswerEvents.event("done", JSONText.data(answer))]
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .vary: "Accept"],
      body: ResponseBody { writer in
        for event in events { try await writer.write(event) }
        try await writer.finish(nil)
      })
  }
}

enum AnswerEvents {
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
