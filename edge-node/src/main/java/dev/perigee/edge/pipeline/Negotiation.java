package dev.perigee.edge.pipeline;

import dev.perigee.contract.ContentCoding;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.ReplacedField;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.respond.coding.AcceptEncoding;
import dev.perigee.edge.respond.coding.CodedBody;
import dev.perigee.edge.respond.coding.DecodingSink;
import dev.perigee.edge.respond.coding.NotCodedReason;
import dev.perigee.edge.respond.coding.Selected;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** In which content coding one request is answered (RFC 9110, section 12.5.3), decided once. */
final class Negotiation {
  private static final String ACCEPT_ENCODING = "accept-encoding";

  private final Exchange exchange;
  private final boolean isPart;
  private Optional<SiteConfig> site = Optional.empty();
  private Optional<Representations> representations = Optional.empty();
  private Optional<RequestHead> asked = Optional.empty();
  private Optional<StoredResponse> coded = Optional.empty();
  private boolean begunAnew;

  /** Of which response it was asked last, and what the answer was. */
  private @Nullable StoredResponse last;

  private Selected selected = NotCodedReason.OFF;

  Negotiation(Exchange exchange) {
    this(exchange, false);
  }

  private Negotiation(Exchange exchange, boolean isPart) {
    this.exchange = exchange;
    this.isPart = isPart;
  }

  /** That of a request which was made for a part of this one's answer. */
  Negotiation part(Exchange request) {
    Negotiation part = new Negotiation(request, true);
    part.site = site;
    part.representations = representations;
    return part;
  }

  void of(SiteConfig one) {
    site = Optional.of(one);
  }

  /** In which codings there may be bodies. */
  void represents(Optional<Representations> all) {
    representations = all;
  }

  /**
   * The request as the cache and the origin see it: readers who take the same of the codings that
   * origins speak ask for the same.
   */
  RequestHead asked() {
    if (asked.isEmpty()) {
      RequestHead head = exchange.head();
      asked = Optional.of(isNegotiated(head) ? negotiated(head) : head);
    }
    return asked.get();
  }

  /** The same, where any of these responses depends on that. */
  RequestHead asked(List<StoredResponse> found) {
    for (int i = 0; i < found.size(); i++) {
      if (found.get(i).meta().varyNames().contains(ACCEPT_ENCODING)) {
        return asked();
      }
    }
    return exchange.head();
  }

  private boolean isNegotiated(RequestHead head) {
    return (head.isGet() || head.isHead())
        && representations.isPresent()
        && site.filter(one -> one.compression().enabled()).isPresent();
  }

  private static RequestHead negotiated(RequestHead request) {
    String normal = AcceptEncoding.of(request.fields()).normal();
    return request.with(new ReplacedField(request.fields(), "Accept-Encoding", normal));
  }

  /** What a stored response is to be compressed with for this reader; empty for nothing. */
  Optional<ContentCoding> coding(StoredResponse response) {
    return select(response) instanceof Selected.Encoded(ContentCoding one)
        ? Optional.of(one)
        : Optional.empty();
  }

  /** In which coding a stored response goes out. */
  @SuppressWarnings("ReferenceEquality") // the same object is asked of twice in every hit
  Selected select(StoredResponse response) {
    if (response != last) {
      selected = select(response.meta().head(), OptionalLong.of(response.length()));
      last = response;
    }
    return selected;
  }

  /** In which coding a response goes out. */
  Selected select(ResponseHead head, OptionalLong length) {
    if (site.isEmpty() || representations.isEmpty()) {
      return NotCodedReason.OFF;
    }
    if (isPart) {
      return NotCodedReason.PART;
    }
    return exchange.isOfReader()
        ? representations
            .get()
            .policy()
            .select(exchange.head(), head, length, site.get().compression())
        : NotCodedReason.OTHER_NODE;
  }

  /** Takes the body of a response in that coding; false where it is that of another. */
  boolean uses(StoredResponse body, StoredResponse of) {
    boolean fits = CodedBody.isOf(body, of);
    coded = fits ? Optional.of(body) : coded;
    return fits;
  }

  /** The body of that response in its coding, where there is one. */
  Optional<StoredResponse> coded(StoredResponse of) {
    return coded.filter(body -> CodedBody.isOf(body, of));
  }

  /** Whether the whole may be asked for in place of slices, for the sake of its coding: once. */
  boolean beginsAnew() {
    boolean first = !begunAnew;
    begunAnew = true;
    return first;
  }

  /** Where a body of that coding is to be written; empty where there is no room. */
  Optional<DecodingSink> decoding(ContentCoding coding) {
    return representations.flatMap(all -> all.decodings().into(exchange.sink(), coding));
  }
}
