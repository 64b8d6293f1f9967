package dev.perigee.control.dns;

import dev.perigee.control.dns.AnswerWriter.Section;
import java.security.DigestException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.Signature;
import java.time.InstantSource;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Signs the records of an answer (RFC 4034, section 3) with keys at hand, RRset by RRset, and keeps
 * what it signed. For one thread. It relies on how answers are written: the owner of each record is
 * a part of the question, the records of an RRset lie together, and names within data are whole.
 *
 * <p>A signature holds from an hour before it was made, as clocks of resolvers may be late, for
 * three days after, and is told for a day: so that what is told holds for two days more.
 */
final class ZoneSigner {
  private static final long SKEW_SECONDS = 3_600;
  private static final long LIFE_SECONDS = 3 * 86_400;
  private static final long TOLD_SECONDS = 86_400;

  /** A clock that was set back a little makes nothing old. */
  private static final long BACK_SECONDS = 600;

  private static final int POINTER_BITS = 0x3fff;
  private static final int POINTER = 2;

  /** Type, class and time to live. */
  private static final int TYPE_TO_TTL = 8;

  /** The same, and the length of the data. */
  private static final int RECORD_HEAD = 10;

  /** Data of RRSIG before the signer's name (RFC 4034, section 3.1). */
  private static final int SIGNATURE_HEAD = 18;

  private final AnswerWriter writer;
  private final Signatures signatures;
  private final DnsCounters counters;
  private final InstantSource clock;
  private final MessageDigest sha;
  private final Signature ecdsa;
  private final byte[] digest = new byte[Signatures.DIGEST];
  private final byte[] head;

  /** Where records of one RRset begin, in canonical order (RFC 4034, section 6.3). */
  private int[] set = new int[64];

  private int size;
  private ZoneKeys.@Nullable Key prepared;

  /**
   * @param zone the zone's name in wire form
   */
  ZoneSigner(
      byte[] zone,
      AnswerWriter writer,
      Signatures signatures,
      DnsCounters counters,
      InstantSource clock) {
    this.writer = writer;
    this.signatures = signatures;
    this.counters = counters;
    this.clock = clock;
    this.head = new byte[SIGNATURE_HEAD + zone.length];
    System.arraycopy(zone, 0, head, SIGNATURE_HEAD, zone.length);
    try {
      sha = MessageDigest.getInstance("SHA-256");
      ecdsa = Signature.getInstance("SHA256withECDSAinP1363Format");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has SHA-256 and ECDSA", e);
    }
  }

  /**
   * Appends the signatures of all records that the answer has, which are of one section.
   *
   * @return false where too many had to be made
   */
  boolean isSigned(Query query, ZoneKeys keys, boolean udp) {
    Section section = writer.count(Section.ANSWER) > 0 ? Section.ANSWER : Section.AUTHORITY;
    int end = writer.length();
    for (int at = query.questionEnd; at < end; ) {
      int next = collect(at, end);
      int type = type(at);
      for (ZoneKeys.Key key : keys.signers(type)) {
        if (!isSigned(query, key, section, at, udp)) {
          return false;
        }
      }
      at = next;
    }
    return true;
  }

  private int type(int record) {
    return Wire.u16(writer.bytes(), record + POINTER);
  }

  private int owner(int record) {
    return Wire.u16(writer.bytes(), record) & POINTER_BITS;
  }

  private int dataLength(int record) {
    return Wire.u16(writer.bytes(), record + POINTER + TYPE_TO_TTL);
  }

  private static int data(int record) {
    return record + POINTER + RECORD_HEAD;
  }

  /** Takes the RRset that begins here, and gives where the next one does. */
  private int collect(int from, int end) {
    size = 0;
    int at = from;
    while (at < end && type(at) == type(from) && owner(at) == owner(from)) {
      insert(at);
      at = data(at) + dataLength(at);
    }
    return at;
  }

  private void insert(int record) {
    int at = size;
    while (at > 0) {
      int order = compare(set[at - 1], record);
      if (order == 0) {
        return;
      }
      if (order < 0) {
        break;
      }
      at--;
    }
    if (size == set.length) {
      set = Arrays.copyOf(set, 2 * size);
    }
    System.arraycopy(set, at, set, at + 1, size - at);
    set[at] = record;
    size++;
  }

  private int compare(int one, int other) {
    byte[] bytes = writer.bytes();
    return Arrays.compareUnsigned(
        bytes,
        data(one),
        data(one) + dataLength(one),
        bytes,
        data(other),
        data(other) + dataLength(other));
  }

  private boolean isSigned(Query query, ZoneKeys.Key key, Section section, int first, boolean udp) {
    long now = Math.floorDiv(clock.millis(), 1_000L);
    int ownerAt = owner(first) - Query.HEADER;
    digest(query, key, ownerAt);
    boolean denial = type(first) == RecordType.NSEC;
    Signatures.Kept kept = signatures.find(denial, digest);
    if (kept != null && isToldAt(kept, now)) {
      counters.signaturesKept.increment();
    } else {
      if (!signatures.mayMake(udp, now)) {
        counters.unsigned.increment();
        return false;
      }
      kept = new Signatures.Kept(digest, now, made(query, key, first, now));
      signatures.keep(denial, kept);
      counters.signaturesMade.increment();
    }
    head(query, key, first, kept.madeSeconds);
    writer.record(section, ownerAt, RecordType.RRSIG, (int) ttl(first));
    writer.bytes(head);
    writer.bytes(kept.signature);
    writer.end();
    return true;
  }

  private static boolean isToldAt(Signatures.Kept kept, long now) {
    long age = now - kept.madeSeconds;
    return age >= -BACK_SECONDS && age < TOLD_SECONDS;
  }

  private long ttl(int record) {
    byte[] bytes = writer.bytes();
    int at = record + POINTER + 4;
    return ((long) Wire.u16(bytes, at) << 16) | Wire.u16(bytes, at + 2);
  }

  /** Of all that is signed but for the times, and of the key. */
  private void digest(Query query, ZoneKeys.Key key, int ownerAt) {
    sha.reset();
    sha.update(key.point);
    sha.update(query.name, ownerAt, query.nameLength - ownerAt);
    for (int i = 0; i < size; i++) {
      sha.update(writer.bytes(), set[i] + POINTER, RECORD_HEAD + dataLength(set[i]));
    }
    try {
      sha.digest(digest, 0, digest.length);
    } catch (DigestException e) {
      throw new IllegalStateException("SHA-256 has 32 bytes", e);
    }
  }

  /** The data of RRSIG but for the signature itself. */
  private void head(Query query, ZoneKeys.Key key, int first, long madeSeconds) {
    Wire.u16(head, 0, type(first));
    head[2] = dev.perigee.control.store.DnsKey.ALGORITHM;
    head[3] = (byte) labels(query.name, owner(first) - Query.HEADER);
    Wire.u32(head, 4, (int) ttl(first));
    Wire.u32(head, 8, (int) (madeSeconds + LIFE_SECONDS));
    Wire.u32(head, 12, (int) (madeSeconds - SKEW_SECONDS));
    Wire.u16(head, 16, key.tag);
  }

  private static int labels(byte[] name, int from) {
    int labels = 0;
    for (int at = from; name[at] != 0; at += 1 + name[at]) {
      labels++;
    }
    return labels;
  }

  /** RFC 4034, section 3.1.8.1. */
  private byte[] made(Query query, ZoneKeys.Key key, int first, long now) {
    int ownerAt = owner(first) - Query.HEADER;
    head(query, key, first, now);
    try {
      if (prepared != key) {
        ecdsa.initSign(key.secret);
        prepared = key;
      }
      ecdsa.update(head);
      for (int i = 0; i < size; i++) {
        ecdsa.update(query.name, ownerAt, query.nameLength - ownerAt);
        ecdsa.update(writer.bytes(), set[i] + POINTER, RECORD_HEAD + dataLength(set[i]));
      }
      return ecdsa.sign();
    } catch (GeneralSecurityException e) {
      prepared = null;
      throw new IllegalStateException("key %d cannot sign".formatted(key.tag), e);
    }
  }
}
