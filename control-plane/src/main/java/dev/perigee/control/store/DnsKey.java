package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/**
 * A key that signs the zone, ECDSA P-256 with SHA-256 (RFC 6605), and how far it has come.
 *
 * @param publicKey 64 bytes as RFC 6605 writes them, section 4
 * @param privateKey PKCS #8; a secret
 * @param publishedAt since when the zone's DNSKEY records hold it
 * @param signingAt since when it signs all of the zone
 * @param retiringAt since when another does
 * @param dsGone what the operator said of the parent, where it was said
 */
public record DnsKey(
    int tag,
    Bytes publicKey,
    Bytes privateKey,
    Instant publishedAt,
    Optional<Instant> signingAt,
    Optional<Instant> retiringAt,
    Optional<DsGone> dsGone) {
  /** ECDSAP256SHA256. */
  public static final int ALGORITHM = 13;

  /** SHA-256 (RFC 4509). */
  public static final int DIGEST = 2;

  /** Keys at one time: the one that signs, and the one before it or after it. */
  public static final int MOST = 2;

  private static final byte[] HEAD = {1, 1, 3, ALGORITHM};

  /** Where in its life a key is. */
  public enum State {
    /** Everybody may learn it: it signs the keys, and nothing else. */
    PUBLISHED,
    /** It signs everything. */
    SIGNING,
    /** Like a published one, until nobody needs it any more. */
    RETIRING
  }

  /**
   * The parent has no DS of the key any more.
   *
   * @param kept for how long resolvers may still have one
   */
  public record DsGone(Instant since, Duration kept) {}

  /** Where in its life it is. */
  public State state() {
    if (retiringAt.isPresent()) {
      return State.RETIRING;
    }
    return signingAt.isPresent() ? State.SIGNING : State.PUBLISHED;
  }

  /** The data of its DNSKEY record: a zone's key that a DS may name (RFC 4034, section 2.1). */
  public byte[] record() {
    return record(publicKey.toArray());
  }

  private static byte[] record(byte[] point) {
    byte[] data = new byte[HEAD.length + point.length];
    System.arraycopy(HEAD, 0, data, 0, HEAD.length);
    System.arraycopy(point, 0, data, HEAD.length, point.length);
    return data;
  }

  /** The tag of a key (RFC 4034, appendix B). */
  static int tag(byte[] point) {
    byte[] data = record(point);
    int sum = 0;
    for (int i = 0; i < data.length; i++) {
      sum += (data[i] & 0xff) << (i % 2 == 0 ? 8 : 0);
    }
    return (sum + (sum >> 16)) & 0xffff;
  }

  /**
   * The data of the DS record that names it (RFC 4034, section 5.1).
   *
   * @param zone the zone's name in the form of the wire
   */
  public byte[] delegation(byte[] zone) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(zone);
      byte[] digest = sha.digest(record());
      byte[] data = new byte[4 + digest.length];
      data[0] = (byte) (tag >> 8);
      data[1] = (byte) tag;
      data[2] = ALGORITHM;
      data[3] = DIGEST;
      System.arraycopy(digest, 0, data, 4, digest.length);
      return data;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * That record as a registrar takes it: tag, algorithm, digest's type and digest.
   *
   * @param zone normalised
   */
  public String delegation(String zone) {
    ByteArrayOutputStream wire = new ByteArrayOutputStream();
    for (String label : zone.split("\\.", -1)) {
      wire.write(label.length());
      wire.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
    }
    wire.write(0);
    byte[] data = delegation(wire.toByteArray());
    String digest = HexFormat.of().formatHex(data, 4, data.length).toUpperCase(Locale.ROOT);
    return "%d %d %d %s".formatted(tag, ALGORITHM, DIGEST, digest);
  }
}
