import Foundation
import HTTPTypes
import Hummingbird
import Retrieval

/// How the events of an answer are written; `/v1/answers` and `/v1/chat/completions` have forms of their own.
protocol AnswerEventForm: Sendable {
  var opening: [ByteBuffer] { get }
  func part(_ text: String) -> ByteBuffer
  /// - Parameter answer: complete.
  func closing(_ answer: AnswerResponse) async -> [ByteBuffer]
}

extension FormingAnswer {
  /// Long enough to cost nothing, short enough to find out in time that nobody listens.
  private static let heartbeat: Duration = .seconds(1)

  private enum Event: Sendable {
    case part(String)
    case nothing
    case complete(AnswerResponse)
    case failed(any Error)
  }

  /// The answer as server-sent events: sentence by sentence as each is checked, or its quotes at once.
  ///
  /// A client that goes away ends the call that was made for it.
  func response(as form: some AnswerEventForm, vary: Bool) -> Response {
    var headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
    if vary { headers[.vary] = "Accept" }
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        for event in form.opening { try await writer.write(event) }
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let forming = Task { await tell(continuation) }
        let beating = Task {
          while true {
            try await Task.sleep(for: Self.heartbeat)
            continuation.yield(.nothing)
          }
        }
        defer {
          forming.cancel()
          beating.cancel()
        }
        for await event in events {
          switch event {
          case .part(let text): try await writer.write(form.part(text))
          case .nothing: try await writer.write(ByteBuffer(string: ": still at it\n\n"))
          case .failed(let error): throw error
          case .complete(let answer):
            if answer.answer.kind != .generated {
              for part in AnswerEvents.parts(of: answer.answer.text) {
                try await writer.write(form.part(part))
              }
            }
            for event in await form.closing(answer) { try await writer.write(event) }
            try await writer.finish(nil)
            return
          }
        }
      })
  }

  private func tell(_ events: AsyncStream<Event>.Continuation) async {
    do {
      try await call.held.run {
        let answer = try await finished { events.yield(.part($0)) }
        events.yield(.complete(answer))
      }
    } catch { events.yield(.failed(error)) }
    events.finish()
  }
}
