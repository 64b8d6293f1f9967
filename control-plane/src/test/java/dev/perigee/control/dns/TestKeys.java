package dev.perigee.control.dns;

import dev.perigee.contract.Bytes;
import dev.perigee.control.store.DnsKey;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Keys of zones. */
final class TestKeys {
  /** The point of RFC 6605, section 6.1. */
  static final byte[] RFC_6605 =
      Base64.getDecoder()
          .decode(
              "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb"
                  + "krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==");

  /** What it belongs to. */
  private static final String SECRET = "GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ=";

  private TestKeys() {}

  /** The key of RFC 6605, which signs. */
  static DnsKey rfc6605() {
    try {
      AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
      curve.init(new ECGenParameterSpec("secp256r1"));
      BigInteger scalar = new BigInteger(1, Base64.getDecoder().decode(SECRET));
      byte[] pkcs8 =
          KeyFactory.getInstance("EC")
              .generatePrivate(
                  new ECPrivateKeySpec(scalar, curve.getParameterSpec(ECParameterSpec.class)))
              .getEncoded();
      return key(55_648, RFC_6605, pkcs8, DnsKey.State.SIGNING);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static DnsKey key(int tag, byte[] point, byte[] secret, DnsKey.State state) {
    Optional<Instant> signs =
        state == DnsKey.State.PUBLISHED ? Optional.empty() : Optional.of(Instant.EPOCH);
    Optional<Instant> retires =
        state == DnsKey.State.RETIRING ? Optional.of(Instant.EPOCH) : Optional.empty();
    return new DnsKey(
        tag,
        Bytes.copyOf(point),
        Bytes.copyOf(secret),
        Instant.EPOCH,
        signs,
        retires,
        Optional.empty());
  }

  /** The same key further on, or not yet so far. */
  static DnsKey in(DnsKey.State state, DnsKey key) {
    return key(key.tag(), key.publicKey().toArray(), key.privateKey().toArray(), state);
  }

  /** A key that nobody else has. */
  static DnsKey fresh(DnsKey.State state) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair pair = generator.generateKeyPair();
      byte[] point = new byte[64];
      ECPublicKey open = (ECPublicKey) pair.getPublic();
      byte[] der = open.getEncoded();
      System.arraycopy(der, der.length - 64, point, 0, 64);
      int tag =
          new org.xbill.DNS.DNSKEYRecord(
                  org.xbill.DNS.Name.root, org.xbill.DNS.DClass.IN, 0, 257, 3, 13, point)
              .getFootprint();
      return key(tag, point, pair.getPrivate().getEncoded(), state);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** These, and what the parent should have is told. */
  static ZoneKeys of(DnsKey... keys) {
    return ZoneKeys.of(List.of(keys), ZoneKeys.Told.KEY, ZoneKeys.NONE);
  }
}
