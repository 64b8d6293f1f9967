package dev.perigee.edge.cache;

import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Large bodies in slices: each is a response of its own in the store, under the key of the whole
 * with the slice's number, and its Content-Range says which whole it is of. Slices with the same
 * strong validator and total are of one whole (RFC 9111, section 3.4). What is no slice (the last
 * bytes, the beginning of a body that broke off) is kept under the key of the whole itself, with
 * its Content-Range, until another part or the whole takes its place.
 */
public final class SlicePolicy {
  private SlicePolicy() {}

  /** The number of a request for the last bytes, which is below that of every slice. */
  public static long tail(long count) {
    return CacheKey.WHOLE - count;
  }

  /** The Range field that asks for one slice, or for the last bytes. */
  public static String range(long number, long sliceBytes) {
    return number < CacheKey.WHOLE
        ? "bytes=-" + (CacheKey.WHOLE - number)
        : "bytes=" + number * sliceBytes + "-" + ((number + 1) * sliceBytes - 1);
  }

  /**
   * A 206 as it may be stored: as the slice that was asked for, as the whole where it is all there
   * is, else as the one part that is kept beside the slices; empty where it does not say which
   * bytes it is, or is not those.
   *
   * @param asked the key of the fetch
   * @param length of the body, where announced
   */
  public static Optional<Part> part(
      CacheKey asked, ResponseHead response, OptionalLong length, long sliceBytes) {
    Optional<ContentRange> range = ContentRange.of(response.fields());
    if (range.isEmpty() || length.orElse(range.get().length()) != range.get().length()) {
      return Optional.empty();
    }
    CacheKey whole = asked.withSlice(CacheKey.WHOLE);
    if (range.get().isWhole()) {
      FieldList fields = response.fields().toBuilder().remove("Content-Range").build();
      return Optional.of(new Part(whole, new ResponseHead(200, fields)));
    }
    boolean isSlice =
        range.get().isSlice(asked.slice(), sliceBytes)
            && StrongValidator.of(response.fields()).isPresent();
    ResponseHead head = new ResponseHead(200, response.fields());
    return Optional.of(new Part(isSlice ? asked : whole, head));
  }

  /**
   * The beginning of a whole that broke off, as the part that may be kept of it (RFC 9111, section
   * 3.3); empty where nothing could complete it, or where it is too little to be worth it.
   *
   * @param received bytes of the body
   * @param total bytes of the whole
   */
  public static Optional<StoredMeta> beginning(
      StoredMeta whole, long received, long total, long sliceBytes) {
    boolean isKept =
        sliceBytes > 0
            && whole.key().slice() == CacheKey.WHOLE
            && whole.head().status() == 200
            && !isPart(whole)
            && received >= sliceBytes
            && received < total
            && StrongValidator.of(whole.head().fields()).isPresent();
    String range = "bytes 0-" + (received - 1) + "/" + total;
    return isKept ? Optional.of(whole.withField("Content-Range", range)) : Optional.empty();
  }

  /** Whether a stored response is not all of its body. */
  public static boolean isPart(StoredMeta meta) {
    return range(meta).isPresent();
  }

  /** Which bytes of the whole a stored response is; empty where it is the whole. */
  public static Optional<ContentRange> range(StoredMeta meta) {
    return meta.head().status() == 200 ? ContentRange.of(meta.head().fields()) : Optional.empty();
  }

  /** The field has a meaning in a 206 and a 416 only (RFC 9110, section 14.4). */
  public static ResponseHead withoutRange(ResponseHead response) {
    boolean isStray =
        response.status() != 206
            && response.status() != 416
            && ContentRange.of(response.fields()).isPresent();
    return isStray
        ? new ResponseHead(
            response.status(), response.fields().toBuilder().remove("Content-Range").build())
        : response;
  }

  /**
   * Under which key, and with which head, a part is stored.
   *
   * @param head with status 200, as if it were a response of its own
   */
  public record Part(CacheKey key, ResponseHead head) {}

  /**
   * Whether a response that is too large to be stored whole may be fetched and stored in slices
   * instead: its origin knows ranges, and slices of it can be told from those of another version.
   */
  public static boolean isSliceable(ResponseHead response) {
    boolean ranges =
        response.fields().joined("Accept-Ranges").filter("bytes"::equalsIgnoreCase).isPresent();
    return response.status() == 200 && ranges && StrongValidator.of(response.fields()).isPresent();
  }
}
