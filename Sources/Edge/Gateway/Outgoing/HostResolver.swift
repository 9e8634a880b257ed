import Foundation

/// Asks the system for the addresses of a name.
struct HostResolver: Sendable {
  /// In the order of preference; empty where the name is not known.
  let addresses: @Sendable (String) async -> [IPAddress]

  /// Blocks a thread of its own, never the cooperative pool. Where its task is cancelled it answers at once, with
  /// nothing; the system is then left to its own time limits.
  static let system = HostResolver { host in
    let (answers, continuation) = AsyncStream.makeStream(of: [IPAddress].self)
    let operation = BlockOperation {
      continuation.yield(lookUp(host))
      continuation.finish()
    }
    threads.addOperation(operation)
    return await withTaskCancellationHandler {
      await answers.first { _ in true } ?? []
    } onCancel: {
      operation.cancel()
    }
  }

  private static let threads: OperationQueue = {
    let queue = OperationQueue()
    queue.name = "frontdesk.names"
    queue.maxConcurrentOperationCount = 8
    return queue
  }()

  private static func lookUp(_ host: String) -> [IPAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [IPAddress] = []
    var entry = list
    while let current = entry {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      if getnameinfo(
        current.pointee.ai_addr, current.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
        NI_NUMERICHOST)
        == 0,
        let address = IPAddress(
          String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)),
        !found.contains(address)
      {
        found.append(address)
      }
      entry = current.pointee.ai_next
    }
    return found
  }
}
