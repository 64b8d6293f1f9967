package dev.perigee.edge.origin;

import dev.perigee.contract.OriginSigning;
import dev.perigee.edge.request.FieldList;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * One request's signature by AWS's Signature Version 4 (AWS General Reference; for S3, "Signature
 * Calculations for the Authorization Header: Transferring Payload in a Single Chunk").
 *
 * <p>The path is escaped once for S3 and twice for every other service. The target is sent in the
 * canonical form that was signed, so that no server can read another request out of it; a plus in
 * the query is the space that servers take it for. A body streams through and is not read twice, so
 * it stands as {@code UNSIGNED-PAYLOAD}.
 */
final class AwsSignature {
  private static final String ALGORITHM = "AWS4-HMAC-SHA256";
  private static final String EMPTY =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  private static final String UNSIGNED = "UNSIGNED-PAYLOAD";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final int DAY_LENGTH = "yyyyMMdd".length();
  private static final HexFormat HEX = HexFormat.of();

  private final OriginSigning.AwsV4 key;
  private final String method;
  private final String path;
  private final String query;
  private final FieldList fields;
  private final String payload;
  private final String time;

  AwsSignature(
      OriginSigning.AwsV4 key,
      String method,
      String target,
      FieldList fields,
      boolean hasBody,
      Instant now) {
    int mark = target.indexOf('?');
    this.key = key;
    this.method = method;
    this.path = escaped(unescaped(mark < 0 ? target : target.substring(0, mark), false), true);
    this.query = mark < 0 ? "" : query(target.substring(mark + 1));
    this.payload = hasBody ? UNSIGNED : EMPTY;
    this.time = TIME.format(now);
    this.fields =
        fields.toBuilder().set("X-Amz-Content-Sha256", payload).set("X-Amz-Date", time).build();
  }

  /** The request with its signature. */
  OriginSigner.Signed signed() {
    Map<String, String> named = named();
    String authorization =
        ALGORITHM
            + " Credential="
            + key.accessKeyId()
            + "/"
            + scope()
            + ", SignedHeaders="
            + String.join(";", named.keySet())
            + ", Signature="
            + signature(named);
    return new OriginSigner.Signed(
        query.isEmpty() ? path : path + "?" + query,
        fields.toBuilder().set("Authorization", authorization).build());
  }

  /** The fields that are signed: those that decide what is asked for. */
  private Map<String, String> named() {
    Map<String, String> named = new TreeMap<>();
    fields.forEach(
        (name, value) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          if (lower.equals("host") || lower.equals("range") || lower.startsWith("x-amz-")) {
            named.merge(lower, value.strip().replaceAll(" +", " "), (a, b) -> a + "," + b);
          }
        });
    return named;
  }

  private String scope() {
    return time.substring(0, DAY_LENGTH)
        + "/"
        + key.region()
        + "/"
        + key.service()
        + "/aws4_request";
  }

  private String signature(Map<String, String> named) {
    StringBuilder request = new StringBuilder(method).append('\n');
    boolean isObjectStore = key.service().equals("s3");
    request.append(isObjectStore ? path : escaped(path.getBytes(StandardCharsets.UTF_8), true));
    request.append('\n').append(query).append('\n');
    named.forEach((name, value) -> request.append(name).append(':').append(value).append('\n'));
    request.append('\n').append(String.join(";", named.keySet()));
    request.append('\n').append(payload);
    String toSign = ALGORITHM + "\n" + time + "\n" + scope() + "\n" + sha256(request.toString());
    byte[] secret = ("AWS4" + key.secretAccessKey().value()).getBytes(StandardCharsets.UTF_8);
    byte[] day = hmac(secret, time.substring(0, DAY_LENGTH));
    byte[] signing = hmac(hmac(hmac(day, key.region()), key.service()), "aws4_request");
    return HEX.formatHex(hmac(signing, toSign));
  }

  /** Parameters sorted by name, then value, each with an equals sign. */
  private static String query(String raw) {
    List<String> pairs = new ArrayList<>();
    for (String pair : raw.split("&", -1)) {
      if (!pair.isEmpty()) {
        int equals = pair.indexOf('=');
        String name = equals < 0 ? pair : pair.substring(0, equals);
        String value = equals < 0 ? "" : pair.substring(equals + 1);
        pairs.add(
            escaped(unescaped(name, true), false) + "=" + escaped(unescaped(value, true), false));
      }
    }
    pairs.sort(AwsSignature::compare);
    return String.join("&", pairs);
  }

  /** By name before value: an equals sign sorts behind what some names go on with. */
  private static int compare(String one, String other) {
    int a = one.indexOf('=');
    int b = other.indexOf('=');
    int byName = one.substring(0, a).compareTo(other.substring(0, b));
    return byName != 0 ? byName : one.substring(a + 1).compareTo(other.substring(b + 1));
  }

  private static byte[] unescaped(String text, boolean plusIsSpace) {
    byte[] out = new byte[text.length()];
    int length = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '%') {
        out[length++] = (byte) HexFormat.fromHexDigits(text, i + 1, i + 3);
        i += 2;
      } else {
        out[length++] = (byte) (plusIsSpace && c == '+' ? ' ' : c);
      }
    }
    return java.util.Arrays.copyOf(out, length);
  }

  /** Everything but unreserved characters (RFC 3986, section 2.3) as upper-case escapes. */
  private static String escaped(byte[] octets, boolean isPath) {
    StringBuilder out = new StringBuilder(octets.length + 16);
    for (byte octet : octets) {
      boolean plain =
          (octet >= 'A' && octet <= 'Z')
              || (octet >= 'a' && octet <= 'z')
              || (octet >= '0' && octet <= '9')
              || octet == '-'
              || octet == '.'
              || octet == '_'
              || octet == '~'
              || (isPath && octet == '/');
      if (plain) {
        out.append((char) octet);
      } else {
        out.append('%').append(HEX.withUpperCase().toHexDigits(octet));
      }
    }
    return out.toString();
  }

  private static String sha256(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return HEX.formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HmacSHA256", e);
    }
  }
}
