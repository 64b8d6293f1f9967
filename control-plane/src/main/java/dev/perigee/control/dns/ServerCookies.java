package dev.perigee.control.dns;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.function.LongFunction;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Server cookies (RFC 7873) in the one form that any server with the same secret understands (RFC
 * 9018): who sends one back has received it, so that the address is not forged. The secret of each
 * day comes from one that the replicas share, so that they change it together and need not talk.
 */
final class ServerCookies {
  static final int LENGTH = 16;

  private static final long DAY_SECONDS = 86_400;
  private static final int HASHED = 8;
  private static final int OLDEST_SECONDS = 3_600;
  private static final int NEWEST_SECONDS = 300;
  private static final int RENEWED_SECONDS = 1_800;
  private static final int VERSION = 1;

  private final LongFunction<byte[]> secrets;
  private final byte[] scratch = new byte[Query.CLIENT_COOKIE + HASHED + 16];
  private final byte[] cookie = new byte[LENGTH];
  private long day = Long.MIN_VALUE;
  private SipHash today = new SipHash(0, 0);
  private SipHash yesterday = today;

  /**
   * For one thread.
   *
   * @param secrets of 16 bytes, for each day since 1970
   */
  ServerCookies(LongFunction<byte[]> secrets) {
    this.secrets = secrets;
  }

  /** The secret of a day, from one that all replicas have. */
  static byte[] secretOf(byte[] secret, long day) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      return Arrays.copyOf(mac.doFinal(("dns-cookie " + day).getBytes(US_ASCII)), LENGTH);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HMAC-SHA256", e);
    }
  }

  /** Whether the query brings back a cookie of ours that is not too old. */
  boolean isGood(Query query, byte[] source, long nowSeconds) {
    if (!query.hasCookie || query.serverCookieLength != LENGTH) {
      return false;
    }
    int at = query.cookieAt + Query.CLIENT_COOKIE;
    int age = age(query, nowSeconds);
    if (query.packet[at] != VERSION || age > OLDEST_SECONDS || age < -NEWEST_SECONDS) {
      return false;
    }
    System.arraycopy(query.packet, query.cookieAt, scratch, 0, Query.CLIENT_COOKIE + HASHED);
    long hash = hash(source, nowSeconds - age);
    int different = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      different |= query.packet[at + HASHED + i] ^ (byte) (hash >> (8 * i));
    }
    return different == 0;
  }

  /** Seconds since the cookie was made, in the arithmetic of serial numbers. */
  private static int age(Query query, long nowSeconds) {
    byte[] packet = query.packet;
    int at = query.cookieAt + Query.CLIENT_COOKIE + 4;
    return (int) nowSeconds - ((Wire.u16(packet, at) << 16) | Wire.u16(packet, at + 2));
  }

  /**
   * The cookie to answer with, valid until the next call: the one that came, or a new one where
   * that is none of ours or not young any more.
   */
  byte[] next(Query query, byte[] source, boolean isGood, long nowSeconds) {
    if (isGood && age(query, nowSeconds) < RENEWED_SECONDS) {
      System.arraycopy(query.packet, query.cookieAt + Query.CLIENT_COOKIE, cookie, 0, LENGTH);
      return cookie;
    }
    System.arraycopy(query.packet, query.cookieAt, scratch, 0, Query.CLIENT_COOKIE);
    Wire.u32(scratch, Query.CLIENT_COOKIE, VERSION << 24);
    Wire.u32(scratch, Query.CLIENT_COOKIE + 4, (int) nowSeconds);
    System.arraycopy(scratch, Query.CLIENT_COOKIE, cookie, 0, HASHED);
    long hash = hash(source, nowSeconds);
    for (int i = 0; i < Long.BYTES; i++) {
      cookie[HASHED + i] = (byte) (hash >> (8 * i));
    }
    return cookie;
  }

  private long hash(byte[] source, long madeSeconds) {
    System.arraycopy(source, 0, scratch, Query.CLIENT_COOKIE + HASHED, source.length);
    return of(Math.floorDiv(madeSeconds, DAY_SECONDS))
        .hash(scratch, 0, Query.CLIENT_COOKIE + HASHED + source.length);
  }

  private SipHash of(long wanted) {
    if (wanted > day || wanted < day - 1) {
      day = wanted;
      today = SipHash.of(secrets.apply(wanted));
      yesterday = SipHash.of(secrets.apply(wanted - 1));
    }
    return wanted == day ? today : yesterday;
  }
}
