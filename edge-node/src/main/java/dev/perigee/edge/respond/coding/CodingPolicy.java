package dev.perigee.edge.respond.coding;

import dev.perigee.contract.CompressionPolicy;
import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.cache.CacheControl;
import dev.perigee.edge.request.Fields;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** In which coding a response goes to a reader (RFC 9110, sections 8.4 and 12.5.3). */
public final class CodingPolicy {
  private final Set<ContentCoding> offered;
  private final long mostBytes;

  /**
   * A policy.
   *
   * @param offered the codings that this node can make and read
   * @param mostBytes larger bodies are not compressed
   */
  public CodingPolicy(Set<ContentCoding> offered, long mostBytes) {
    this.offered = Set.copyOf(offered);
    this.mostBytes = mostBytes;
  }

  /**
   * Decides.
   *
   * @param response as it is stored, or came
   * @param length of its body, where that is known
   * @param site what its owner wants
   */
  public Selected select(
      RequestHead request, ResponseHead response, OptionalLong length, CompressionPolicy site) {
    if (!site.enabled()) {
      return NotCodedReason.OFF;
    }
    if (!request.isGet() && !request.isHead()) {
      return NotCodedReason.METHOD;
    }
    return response.fields().contains("Content-Encoding")
        ? decoded(request, response)
        : encoded(request, response, length, site);
  }

  /** For a reader who takes the origin's coding it stays. */
  private Selected decoded(RequestHead request, ResponseHead response) {
    if (isPart(response)) {
      return NotCodedReason.PART;
    }
    if (CacheControl.says(response.fields(), "no-transform")) {
      return NotCodedReason.NO_TRANSFORM;
    }
    Optional<ContentCoding> coding = AcceptEncoding.ofResponse(response.fields());
    if (coding.isEmpty() || !offered.contains(coding.get())) {
      return NotCodedReason.CODED_BY_ORIGIN;
    }
    AcceptEncoding takes = AcceptEncoding.of(request.fields());
    if (takes.weight(coding.get()) > 0 || takes.identity() == 0) {
      return NotCodedReason.TAKEN;
    }
    return CacheControl.says(request.fields(), "no-transform")
        ? NotCodedReason.REQUEST_NO_TRANSFORM
        : new Selected.Decoded(coding.get());
  }

  /** What decides for most comes first, and makes no objects. */
  private Selected encoded(
      RequestHead request, ResponseHead response, OptionalLong length, CompressionPolicy site) {
    Fields fields = response.fields();
    if (response.status() != 200) {
      return NotCodedReason.STATUS;
    }
    if (length.isPresent() && length.getAsLong() < site.leastBytes()) {
      return NotCodedReason.TOO_SMALL;
    }
    if (length.isPresent() && length.getAsLong() > mostBytes) {
      return NotCodedReason.TOO_LARGE;
    }
    if (!site.covers(fields.first("Content-Type").orElse("*"))) {
      return NotCodedReason.TYPE;
    }
    if (isPart(response)) {
      return NotCodedReason.PART;
    }
    if (CacheControl.says(fields, "no-transform")) {
      return NotCodedReason.NO_TRANSFORM;
    }
    if (!site.personal() && isPersonal(fields)) {
      return NotCodedReason.PERSONAL;
    }
    if (!site.personal() && request.fields().contains("Authorization")) {
      return NotCodedReason.CREDENTIALS;
    }
    if (CacheControl.says(request.fields(), "no-transform")) {
      return NotCodedReason.REQUEST_NO_TRANSFORM;
    }
    return isOfBytes(request.fields())
        ? NotCodedReason.RANGE
        : preferred(AcceptEncoding.of(request.fields()), site.codings());
  }

  private static boolean isPart(ResponseHead response) {
    return response.status() == 206 || response.fields().contains("Content-Range");
  }

  private static boolean isPersonal(Fields response) {
    return response.contains("Set-Cookie") || CacheControl.says(response, "private");
  }

  /** Only what the origin sent has strong validators and ranges. */
  private static boolean isOfBytes(Fields request) {
    return request.contains("Range")
        || request.contains("If-Match")
        || request.contains("If-Unmodified-Since");
  }

  /** What the reader likes most; of several the one that the site likes most. */
  private Selected preferred(AcceptEncoding takes, List<ContentCoding> codings) {
    ContentCoding best = ContentCoding.GZIP;
    int weight = 0;
    for (int i = 0; i < codings.size(); i++) {
      ContentCoding coding = codings.get(i);
      if (takes.weight(coding) > weight && offered.contains(coding)) {
        best = coding;
        weight = takes.weight(coding);
      }
    }
    if (weight == 0) {
      return NotCodedReason.NOT_ACCEPTED;
    }
    return takes.identity() > weight ? NotCodedReason.NOT_PREFERRED : new Selected.Encoded(best);
  }
}
