import Foundation
import Testing

@testable import Gateway

@Suite struct WebAddressTests {
  @Test func readsWhatEveryoneReadsAlike() throws {
    let expected = [
      "http://Docs.Example.com": "http://docs.example.com/",
      "HTTPS://docs.example.com:443/a?b=c#d": "https://docs.example.com/a?b=c",
      "https://docs.example.com:8443/a/../b": "https://docs.example.com:8443/a/../b",
      "http://docs.example.com?x": "http://docs.example.com/?x",
      "http://[2001:DB8:0::1]:80/": "http://[2001:db8::1]/",
      "http://[::ffff:10.0.0.1]/": "http://10.0.0.1/",
      "http://192.0.2.7/%41": "http://192.0.2.7/%41",
      "http://xn--mnchen-3ya.example/": "http://xn--mnchen-3ya.example/",
    ]
    for (text, normal) in expected {
      let address = try WebAddress(text)
      #expect(address.text == normal)
      // What is stored reads as itself.
      #expect(try WebAddress(normal) == address)
    }
  }

  static let tricks = [
    "", "docs.example.com", "//docs.example.com/", "file:///etc/passwd", "ftp://docs.example.com/",
    "gopher://x/",
    "javascript:alert(1)", "http:docs.example.com", "http:///etc", "http://", "http:// docs.example.com/",
    // Someone else before the host, or behind it.
    "http://docs.example.com@127.0.0.1/", "http://user:pass@docs.example.com/", "http://@docs.example.com/",
    "http://docs.example.com%40127.0.0.1/", "http://127.0.0.1\\@docs.example.com/",
    "http://docs.example.com\\.evil.example/", "http://docs.example.com:80@127.0.0.1/",
    // Numbers as hosts.
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/",
    "http://127.0.1/", "http://0/", "http://127.0.0.01/", "http://127.0.0.1./", "http://1.2.3.4.5/",
    "http://256.1.1.1/", "http://docs.example.0x7f/", "http://127.0.0.0x1/",
    // IPv6, with zones and without end.
    "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[::1/", "http://::1/", "http://[]/",
    "http://[127.0.0.1]/", "http://[::1]x/", "http://[::1]:x/", "http://[v1.x]/",
    "http://[::1]@docs.example.com/",
    // Ports and names.
    "http://docs.example.com:0/", "http://docs.example.com:65536/", "http://docs.example.com:8_0/",
    "http://docs.example.com:/", "http://docs.example.com:80:80/", "http://docs.example.com:+80/",
    "http://docs..example.com/", "http://docs.example.com./", "http://-docs.example.com/",
    "http://do cs.example.com/",
    "http://docs.example.com\t/", "http://docs.example.com/\r\nHost: x", "http://docs.exämple.com/",
    "http://docs。example。com/", "http://①②⑦.0.0.1/", "http://docs.example.com/\u{0}",
    "http://doc%73.example.com/",
    "http://docs,example.com/", "http://*.example.com/", "http://docs.example.com/[x",
    "http://docs.example.com/{x}",
  ]

  @Test(arguments: tricks) func tricksAreRefused(_ text: String) {
    let problem = #expect(throws: Problem.self) { try WebAddress(text) }
    #expect(problem?.code == "invalid_url", "\(text)")
  }

  @Test func longOnesAreRefused() throws {
    let start = "http://docs.example.com/"
    let longest = start + String(repeating: "x", count: WebAddress.maxBytes - start.utf8.count)
    #expect(try WebAddress(longest).text == longest)
    #expect(throws: Problem.self) { try WebAddress(longest + "x") }
  }

  @Test func redirectsAreReadAsStrictly() throws {
    let base = try WebAddress("https://docs.example.com/a/b?c")
    let expected = [
      "d": "https://docs.example.com/a/d", "/d": "https://docs.example.com/d",
      "?e": "https://docs.example.com/a/b?e",
      "//other.example/x": "https://other.example/x", "http://127.0.0.1/": "http://127.0.0.1/",
      "../../../d#f": "https://docs.example.com/d",
    ]
    for (location, place) in expected {
      #expect(try base.redirected(to: location).text == place, "\(location)")
    }
    for location in [
      "file:///etc/passwd", "http://a@127.0.0.1/", "http://2130706433/", "//0x7f.1/", "\\\\127.0.0.1/",
      "http://127.0.0.1\\@docs.example.com/", "http://ex ample/", "data:text/html,x", "javascript:x",
    ] {
      let place = try? base.redirected(to: location)
      // A path at most, never another host.
      #expect(place == nil || place?.origin == base.origin, "\(location)")
    }
  }

  @Test func addressesOfInnerNetworks() throws {
    let inner = [
      "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1", "169.254.169.254",
      "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.168.1.1", "198.18.0.1", "224.0.0.1",
      "255.255.255.255",
      "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "fe80::1",
      "fec0::1",
      "fc00::1", "fd12:3456::1", "ff02::1", "2001::1", "2001:db8::1", "100::1", "5f00::1",
      "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
      "2002:c0a8:101::",
      "3fff::1", "4000::1",
    ]
    for text in inner { #expect(try #require(IPAddress(text)).isPublic == false, "\(text)") }
    let outer = [
      "1.1.1.1", "9.9.9.9", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.167.0.1",
      "223.255.255.1",
      "2606:4700:4700::1111", "2a00:1450::1", "::ffff:9.9.9.9", "64:ff9b::909:909", "2002:909:909::1",
    ]
    for text in outer { #expect(try #require(IPAddress(text)).isPublic, "\(text)") }
  }

  @Test func hostsOfTheConfiguration() throws {
    func allows(_ entry: String, _ url: String) throws -> Bool {
      try #require(IngestHost(entry)).includes(try WebAddress(url))
    }
    #expect(try allows("docs.example.com", "https://DOCS.example.com/x"))
    #expect(try allows("Docs.Example.com", "http://docs.example.com/x"))
    #expect(try !allows("docs.example.com", "https://docs.example.com:8443/x"))
    #expect(try !allows("docs.example.com", "https://a.docs.example.com/x"))
    #expect(try !allows("docs.example.com", "https://docs.example.com.evil.example/x"))
    #expect(try allows("docs.example.com:8443", "https://docs.example.com:8443/x"))
    #expect(try !allows("docs.example.com:8443", "https://docs.example.com/x"))
    #expect(try allows("docs.example.com:80", "http://docs.example.com/"))
    #expect(try allows("local:127.0.0.1:8080", "http://127.0.0.1:8080/"))
    #expect(try !allows("local:127.0.0.1:8080", "http://127.0.0.1:8081/"))
    #expect(try allows("local:[::1]:8080", "http://[::1]:8080/"))
    #expect(IngestHost("local:a:1")?.isLocal == true && IngestHost("a:1")?.isLocal == false)
    for wrong in [
      "", "local:", "local:host", "local:[::1]", "https://docs.example.com", "docs.example.com/",
      "*.example.com", "*",
      "a b", "a@b", "a:0", "a:b", "a#b", "a?b", "2130706433", "a:1:2",
    ] { #expect(IngestHost(wrong) == nil, "\(wrong)") }
  }
}
