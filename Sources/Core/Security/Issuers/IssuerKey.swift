import Crypto
import CryptoExtras
import Foundation

/// One public key of an issuer, and with it the one algorithm that it may be used with.
///
/// The algorithm is the key's, never the token's: a token that names another is refused. So neither `none` nor an HMAC
/// with a public key for its secret can pass; that is why no general JOSE library stands here.
public struct IssuerKey: Sendable {
  public enum Algorithm: String, Sendable, CaseIterable {
    /// RSASSA-PKCS1-v1_5 with SHA-256, keys of 2,048 bits or more.
    case rs256 = "RS256"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
  }

  private enum Material: Sendable {
    case rsa(_RSA.Signing.PublicKey)
    case p256(P256.Signing.PublicKey)
  }

  /// Nil where the issuer gives it no name.
  public let id: String?
  public let algorithm: Algorithm
  private let material: Material

  /// - Returns: whether the key made this signature of these bytes (RFC 7515, section 5.2).
  public func isValid(_ signature: Data, of bytes: Data) -> Bool {
    switch material {
    case .rsa(let key):
      let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
      return key.isValidSignature(signature, for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5)
    case .p256(let key):
      guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else {
        return false
      }
      return key.isValidSignature(signature, for: bytes)
    }
  }

  /// Keys of a JWK set (RFC 7517) that sign with an algorithm of the list; all others are passed over.
  ///
  /// - Returns: nil where the bytes are no such set.
  public static func keys(ofSet bytes: Data) -> [IssuerKey]? {
    (try? JSONDecoder().decode(Set.self, from: bytes))?.keys.compactMap { entry in
      entry.value.flatMap(IssuerKey.init)
    }
  }

  private struct Set: Decodable {
    /// An entry that cannot be read is nobody's key, and no reason to refuse the others.
    struct Entry: Decodable {
      let value: JWK?
      init(from decoder: any Decoder) throws { value = try? JWK(from: decoder) }
    }
    let keys: [Entry]
  }

  private struct JWK: Decodable {
    let kty: String
    let kid: String?
    let use: String?
    let alg: String?
    let n: String?
    let e: String?
    let crv: String?
    let x: String?
    let y: String?
  }

  private init?(_ jwk: JWK) {
    guard jwk.use == nil || jwk.use == "sig" else { return nil }
    id = jwk.kid
    switch jwk.kty {
    case "RSA":
      algorithm = .rs256
      guard let modulus = jwk.n.flatMap(Base64URL.decode), let exponent = jwk.e.flatMap(Base64URL.decode),
        let key = try? _RSA.Signing.PublicKey(n: modulus, e: exponent), key.keySizeInBits >= 2048
      else { return nil }
      material = .rsa(key)
    case "EC":
      algorithm = .es256
      guard jwk.crv == "P-256", let x = jwk.x.flatMap(Base64URL.decode),
        let y = jwk.y.flatMap(Base64URL.decode),
        x.count == 32, y.count == 32, let key = try? P256.Signing.PublicKey(rawRepresentation: x + y)
      else { return nil }
      material = .p256(key)
    default: return nil
    }
    guard jwk.alg == nil || jwk.alg == algorithm.rawValue else { return nil }
  }
}
