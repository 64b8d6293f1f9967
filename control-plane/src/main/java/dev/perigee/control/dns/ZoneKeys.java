package dev.perigee.control.dns;

import dev.perigee.control.store.DnsKey;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The keys of the zone at one moment, and the records that tell of them; immutable. Each key signs
 * the records about keys, as a resolver may know any one of them by the parent; one signs the rest.
 */
final class ZoneKeys {
  /** The zone is not signed. */
  static final ZoneKeys NONE = new ZoneKeys(List.of(), Told.NOTHING);

  /** RFC 8078, section 4. */
  private static final byte[] NO_DELEGATION = {0, 0, 0, 0, 0};

  private static final byte[] NO_KEY = {0, 0, 3, 0, 0};

  /** What the parent may read here of the DS that it should have (RFC 7344). */
  enum Told {
    /** Nothing: the DS has to wait. */
    NOTHING,
    /** The key that signs. */
    KEY,
    /** That there should be none (RFC 8078, section 4). */
    REMOVAL
  }

  private final List<DnsKey> source;
  private final Told told;
  private final Key[] all;
  private final Key[] signing;
  private final byte[][] records;

  /** A key that can sign. */
  static final class Key {
    final int tag;
    final PrivateKey secret;

    /** Its point, by which signatures of one key are told from those of another. */
    final byte[] point;

    Key(DnsKey key) {
      tag = key.tag();
      point = key.publicKey().toArray();
      try {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(key.privateKey().toArray());
        secret = KeyFactory.getInstance("EC").generatePrivate(spec);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(
            "the zone's key %d in the database cannot be read".formatted(tag), e);
      }
    }
  }

  private ZoneKeys(List<DnsKey> source, Told told) {
    this.source = List.copyOf(source);
    this.told = told;
    this.all = source.stream().map(Key::new).toArray(Key[]::new);
    this.signing = Arrays.stream(all).filter(key -> isSigning(source, key.tag)).toArray(Key[]::new);
    this.records = source.stream().map(DnsKey::record).toArray(byte[][]::new);
  }

  private static boolean isSigning(List<DnsKey> source, int tag) {
    return source.stream().anyMatch(key -> key.tag() == tag && key.state() == DnsKey.State.SIGNING);
  }

  /**
   * These keys.
   *
   * @param before what to go on with where nothing changed
   */
  static ZoneKeys of(List<DnsKey> keys, Told told, ZoneKeys before) {
    if (before.told == told && before.source.equals(keys)) {
      return before;
    }
    return new ZoneKeys(keys, told);
  }

  /** Whether the zone is signed. */
  boolean isSigned() {
    return signing.length > 0;
  }

  /** Those that sign records of this type; not to be changed. */
  Key[] signers(int type) {
    return switch (type) {
      case RecordType.DNSKEY, RecordType.CDS, RecordType.CDNSKEY -> all;
      default -> signing;
    };
  }

  /** Whether there are CDS and CDNSKEY records. */
  boolean isTold() {
    return isSigned() && told != Told.NOTHING;
  }

  /**
   * The data of DNSKEY, CDS or CDNSKEY.
   *
   * @param zone the zone's name in wire form
   */
  byte[][] data(int type, byte[] zone) {
    if (type == RecordType.DNSKEY) {
      return records;
    }
    boolean delegation = type == RecordType.CDS;
    return switch (told) {
      case NOTHING -> new byte[0][];
      case REMOVAL -> new byte[][] {delegation ? NO_DELEGATION : NO_KEY};
      case KEY ->
          source.stream()
              .filter(key -> key.state() == DnsKey.State.SIGNING)
              .map(key -> delegation ? key.delegation(zone) : key.record())
              .toArray(byte[][]::new);
    };
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ZoneKeys keys && keys.told == told && keys.source.equals(source);
  }

  @Override
  public int hashCode() {
    return 31 * source.hashCode() + told.hashCode();
  }
}
