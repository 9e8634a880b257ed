import Foundation
import Security
import Testing

@Suite struct DigestTests {
  @Test func knownVectors() {
    // FIPS 180-4 examples.
    #expect(
      Digest.hex(Digest.sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    #expect(
      Digest.hex(Digest.sha256(Data())) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
  }

  @Test func textIsHashedAsItsBytes() {
    let text = "Grüße, 你好 🙂"
    #expect(Digest.sha256(text) == Digest.sha256(Data(text.utf8)))
    #expect(Digest.sha256(text.dropFirst(3)) == Digest.sha256(String(text.dropFirst(3))))
  }

  @Test func constantTimeEquality() {
    let a = Digest.sha256("a")
    #expect(ConstantTime.equal(a, Digest.sha256("a")))
    #expect(!ConstantTime.equal(a, Digest.sha256("b")))
    #expect(!ConstantTime.equal(a, a.dropLast()))
    #expect(ConstantTime.equal(Data(), Data()))
    // A slice does not begin at index 0.
    #expect(ConstantTime.equal(a.dropFirst(4), Data(a.dropFirst(4))))
    for place in a.indices {
      var other = a
      other[place] ^= 1
      #expect(!ConstantTime.equal(a, other))
    }
  }
}
