import Foundation
import Synchronization
import Testing

@testable import Gateway

@Suite struct RateLimitTests {
  private final class FakeClock: Sendable {
    private let time = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 += duration } }
  }

  @Test func aBurstThenTheRate() throws {
    let clock = FakeClock()
    let limiter = RateLimiter([.key: .init(rate: 2, burst: 10)]) { clock.now }
    for left in stride(from: 8, through: 0, by: -2) {
      #expect(try limiter.charge(.key, "a", cost: 2)?.left == Double(left))
    }
    let problem = try #require(throws: Problem.self) { try limiter.charge(.key, "a", cost: 3) }
    #expect(problem.code == "rate_limited" && problem.retryAfter == 2)
    // Another caller has its own, another scope has none.
    #expect(try limiter.charge(.key, "b", cost: 2) != nil)
    #expect(try limiter.charge(.address, "a", cost: 1000) == nil)
    clock.advance(.milliseconds(1500))
    #expect(try limiter.charge(.key, "a", cost: 3)?.left == 0)
    // What was refused was not taken, and a pause fills no more than the bucket.
    clock.advance(.seconds(3600))
    #expect(try limiter.charge(.key, "a", cost: 1)?.left == 9)
  }

  /// A request that costs more than a full bucket is let through by a full one: it could never be otherwise.
  @Test func dearRequestsTakeAFullBucket() throws {
    let clock = FakeClock()
    let limiter = RateLimiter([.address: .init(rate: 1, burst: 4)]) { clock.now }
    #expect(try limiter.charge(.address, "a", cost: 8)?.left == 0)
    #expect(throws: Problem.self) { try limiter.charge(.address, "a", cost: 8) }
    clock.advance(.seconds(4))
    #expect(try limiter.charge(.address, "a", cost: 8) != nil)
  }

  @Test func memoryIsBoundedAndNobodyForgottenTooSoon() throws {
    let clock = FakeClock()
    let limiter = RateLimiter([.address: .init(rate: 1, burst: 10)], maxCallers: 100) { clock.now }
    _ = try limiter.charge(.address, "spender", cost: 10)
    for caller in 0..<1000 { _ = try? limiter.charge(.address, "\(caller)", cost: 1) }
    #expect(limiter.callers == 100)
    #expect(throws: Problem.self) { try limiter.charge(.address, "spender", cost: 5) }
    // A refill later the table begins anew, and what was spent shortly before still counts.
    clock.advance(.seconds(9))
    _ = try limiter.charge(.address, "spender", cost: 9)
    clock.advance(.seconds(2))
    #expect(throws: Problem.self) { try limiter.charge(.address, "spender", cost: 8) }
    clock.advance(.seconds(60))
    #expect(try limiter.charge(.address, "new", cost: 1) != nil)
    #expect(limiter.callers == 1)
  }

  @Test func refusalsSayWhenToComeBack() async throws {
    let gateway = try Backend().gateway {
      $0.rates = .init(key: .init(units: 0.01, burst: 20), address: .init(units: 0.01, burst: 12))
    }
    let first = try await gateway.send(
      .post, "/v1/search", key: Backend.ownerKey, json: ["query": "refund"])
    #expect(first.status == 200)
    #expect(first.headers[.rateLimit] == "\"key\";r=18;t=200")
    #expect(first.headers[.rateLimitPolicy] == "\"key\";q=20;w=2000")
    for _ in 0..<2 {
      let answer = try await gateway.send(
        .post, "/v1/answers", key: Backend.ownerKey, json: ["question": "refund?"])
      #expect(answer.status == 200)
    }
    let refused = try await gateway.send(
      .post, "/v1/answers", key: Backend.ownerKey, json: ["question": "refund?"])
    #expect(refused.status == 429 && refused.code == "rate_limited")
    let seconds = try #require(refused.headers[.retryAfter].flatMap { Int($0) })
    #expect((500...600).contains(seconds) && refused.at("retry_after")?.integer == Int64(seconds))
    #expect(refused.headers[.rateLimit]?.hasPrefix("\"key\";r=2;") == true)
    // Probes are never counted, and keys that are tried are.
    for _ in 0..<30 { #expect(try await gateway.send(.get, "/livez").status == 200) }
    #expect(try await gateway.send(.get, "/v1/kbs", key: "wrong").status == 401)
    #expect(try await gateway.send(.get, "/v1/kbs", key: "wrong again").status == 429)
    #expect(try await gateway.send(.get, "/v1/kbs", key: Backend.ownerKey).status == 200)
  }
}

@Suite struct ClientAddressTests {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("[2001:db8::1]:443", "2001:db8::1"),
    ("192.0.2.1:8080", "192.0.2.1"), ("2001:DB8:0:0::1", "2001:db8::1"),
  ])
  func addresses(text: String, canonical: String) { #expect(IPAddress(text)?.description == canonical) }

  @Test(arguments: [
    "", "localhost", "1.2.3", "1.2.3.4.5", "fe80::1%eth0", "0x7f.1", "unknown", "_hidden", "1.2.3.256",
  ])
  func noAddresses(text: String) { #expect(IPAddress(text) == nil) }

  @Test func ranges() throws {
    let ten = try #require(AddressRange("10.0.0.0/8"))
    let odd = try #require(AddressRange("192.0.2.128/25"))
    let six = try #require(AddressRange("2001:db8::/33"))
    func holds(_ range: AddressRange, _ text: String) throws -> Bool {
      range.contains(try #require(IPAddress(text)))
    }
    #expect(try holds(ten, "10.255.0.1") && !holds(ten, "11.0.0.1") && holds(ten, "::ffff:10.1.1.1"))
    #expect(try holds(odd, "192.0.2.200") && !holds(odd, "192.0.2.127"))
    #expect(try holds(six, "2001:db8:7fff::1") && !holds(six, "2001:db8:8000::1"))
    #expect(try holds(#require(AddressRange("0.0.0.0/0")), "8.8.8.8"))
    #expect(try !holds(#require(AddressRange("0.0.0.0/0")), "2001:db8::1"))
    for text in ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "/8", "2001:db8::/129", "example.com"] {
      #expect(AddressRange(text) == nil, "\(text)")
    }
  }

  /// What a client writes itself stands before what the proxies add, and counts for nothing.
  @Test func onlyTrustedProxiesAreBelieved() throws {
    let client = ClientAddress(trustedProxies: try [#require(AddressRange("10.0.0.0/8"))])
    func address(_ peer: String, _ forwarded: String...) -> String? {
      client.of(peer: IPAddress(peer), forwarded: forwarded)?.description
    }
    #expect(address("203.0.113.9", "198.51.100.1") == "203.0.113.9")
    #expect(address("10.0.0.1", "198.51.100.1") == "198.51.100.1")
    #expect(address("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.7") == "198.51.100.1")
    #expect(address("10.0.0.1", "1.1.1.1", "198.51.100.1:5555") == "198.51.100.1")
    #expect(address("10.0.0.1", "1.1.1.1, nonsense, 10.0.0.7") == "10.0.0.7")
    #expect(address("10.0.0.1") == "10.0.0.1")
    #expect(client.of(peer: nil, forwarded: ["1.1.1.1"]) == nil)
    #expect(IPAddress("2001:db8:1:2:3::4")?.subscriber == IPAddress("2001:db8:1:2:ffff::")?.subscriber)
    #expect(IPAddress("2001:db8:1:2::")?.subscriber != IPAddress("2001:db8:1:3::")?.subscriber)
  }
}
