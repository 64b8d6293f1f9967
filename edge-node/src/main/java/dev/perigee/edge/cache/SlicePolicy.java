package dev.perigee.edge.cache;

import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.Fields;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Large bodies in slices: each is a response of its own in the store, under the key of the whole
 * with the slice's number, and its Content-Range says which whole it is of. Slices with the same
 * strong validator and total are of one whole (RFC 9111, section 3.4).
 */
public final class SlicePolicy {
  private static final Pattern ONE_RANGE =
      Pattern.compile("bytes=\\s*(?:([0-9]{1,18})-[0-9]{0,18}|-[0-9]{1,18})\\s*");

  private SlicePolicy() {}

  /**
   * The slice with which to begin where a request asks for one range of what is not stored; empty
   * where it does not, and then the whole is fetched. The last bytes of a body begin with the first
   * slice, for only that tells how many there are.
   */
  public static OptionalLong begin(RequestHead request, long sliceBytes) {
    if (!request.isGet() || sliceBytes <= 0) {
      return OptionalLong.empty();
    }
    Matcher range = ONE_RANGE.matcher(request.fields().joined("Range").orElse("").strip());
    if (!range.matches()) {
      return OptionalLong.empty();
    }
    String first = range.group(1);
    return OptionalLong.of(first == null ? 0 : Long.parseLong(first) / sliceBytes);
  }

  /** The Range field that asks for one slice. */
  public static String range(long number, long sliceBytes) {
    return "bytes=" + number * sliceBytes + "-" + ((number + 1) * sliceBytes - 1);
  }

  /**
   * A 206 to a request for a slice, as it may be stored: as the slice, or as the whole where it is
   * all there is; empty where it is another part, or where nothing would tell it from a part of
   * another version.
   */
  public static Optional<Part> part(CacheKey slice, ResponseHead response, long sliceBytes) {
    Optional<ContentRange> range = ContentRange.of(response.fields());
    if (range.isEmpty()) {
      return Optional.empty();
    }
    FieldList.Builder fields = response.fields().toBuilder();
    if (range.get().isWhole()) {
      ResponseHead whole = new ResponseHead(200, fields.remove("Content-Range").build());
      return Optional.of(new Part(slice.withSlice(CacheKey.WHOLE), whole));
    }
    boolean fits =
        range.get().isSlice(slice.slice(), sliceBytes) && validator(response.fields()).isPresent();
    return fits
        ? Optional.of(new Part(slice, new ResponseHead(200, response.fields())))
        : Optional.empty();
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
    return response.status() == 200 && ranges && validator(response.fields()).isPresent();
  }

  /** What tells one version from the next: a strong tag, else a date that is strong enough. */
  public static Optional<String> validator(Fields fields) {
    Optional<String> tag = fields.first("ETag");
    if (tag.isPresent()) {
      return tag.filter(value -> value.startsWith("\""));
    }
    return fields.first("Last-Modified");
  }
}
