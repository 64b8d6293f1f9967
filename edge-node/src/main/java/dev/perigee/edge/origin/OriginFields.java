package dev.perigee.edge.origin;

import dev.perigee.contract.HidingPolicy;
import dev.perigee.edge.request.ClientCert;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.FieldNames;
import dev.perigee.edge.request.Fields;
import dev.perigee.edge.request.RequestHead;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The header fields between client and origin: what belongs to one connection is dropped (RFC 9110,
 * section 7.6.1), what tells the origin about the client is set anew and never believed from the
 * client.
 */
public final class OriginFields {
  private static final FieldNames HOP_BY_HOP =
      FieldNames.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "proxy-authenticate",
          "proxy-authentication-info",
          "proxy-authorization",
          "http2-settings");

  /** Set by this node, so never taken over from a client. */
  private static final FieldNames OURS =
      FieldNames.of(
          "host",
          "expect",
          "content-length",
          "via",
          "forwarded",
          "surrogate-capability",
          "cdn-loop",
          "max-forwards",
          "x-request-id",
          "perigee-peer");

  /**
   * Servers and frameworks take these for the client's address, the method or the URL, and the
   * cache key knows nothing of them: only a site that names them gets them.
   */
  private static final FieldNames NOT_UNLESS_LISTED =
      FieldNames.of(
          "x-original-url",
          "x-original-uri",
          "x-original-host",
          "x-rewrite-url",
          "x-host",
          "x-http-host-override",
          "x-http-method",
          "x-http-method-override",
          "x-method-override",
          "x-real-ip",
          "x-client-ip",
          "client-ip",
          "true-client-ip",
          "x-cluster-client-ip",
          "x-originating-ip",
          "x-remote-ip",
          "x-remote-addr",
          "cf-connecting-ip",
          "fastly-client-ip",
          "front-end-https",
          "x-url-scheme",
          "x-scheme");

  private static final String FORWARDED_PREFIX = "x-forwarded";

  /** The Edge Architecture: what answers may say to this cache alone, and by which name. */
  private static final String CAPABILITY = "perigee=\"Surrogate/1.0\"";

  private OriginFields() {}

  /**
   * The fields of a request as it goes to the origin.
   *
   * @param host what Host says
   * @param pseudonym this network's name in Via and CDN-Loop
   * @param passed fields that the site gets though usually no origin does
   */
  public static FieldList.Builder request(
      RequestHead head, String host, String pseudonym, List<String> passed) {
    Fields fields = head.fields();
    Set<String> dropped = connectionListed(fields);
    FieldList.Builder out = FieldList.builder().add("Host", host);
    fields.forEach(
        (name, value) -> {
          if (!HOP_BY_HOP.contains(name)
              && !OURS.contains(name)
              && !isListed(name, dropped)
              && !ClientCert.isLookalike(name)
              && (mayPass(name) || isListed(name, passed))) {
            out.add(name, value);
          }
        });
    out.add("Via", appended(fields.joined("Via"), version(head.protocol()) + " " + pseudonym));
    // RFC 8586, section 2: what others wrote stays, whoever they are.
    out.add("CDN-Loop", appended(fields.joined("CDN-Loop"), pseudonym));
    maxForwards(head).ifPresent(value -> out.add("Max-Forwards", value));
    addForwarding(head, out);
    out.add("X-Request-Id", head.id().text());
    out.add("Surrogate-Capability", CAPABILITY);
    return out;
  }

  /** The same for a site that lists nothing. */
  public static FieldList.Builder request(RequestHead head, String host, String pseudonym) {
    return request(head, host, pseudonym, HidingPolicy.DEFAULT.passed());
  }

  private static String appended(Optional<String> before, String own) {
    return before.map(others -> others + ", " + own).orElse(own);
  }

  /** CGI and its heirs read {@code _} and {@code -} alike. */
  private static boolean mayPass(String sent) {
    String name = sent.replace('_', '-');
    return !name.regionMatches(true, 0, FORWARDED_PREFIX, 0, FORWARDED_PREFIX.length())
        && !NOT_UNLESS_LISTED.contains(name)
        && (name.equals(sent) || !OURS.contains(name));
  }

  /**
   * @param lower names in lower case
   */
  private static boolean isListed(String name, Collection<String> lower) {
    return !lower.isEmpty() && lower.contains(name.toLowerCase(Locale.ROOT));
  }

  /** The received protocol's version, its name left out as it is HTTP (RFC 9110, section 7.6.3). */
  private static String version(String protocol) {
    return protocol.startsWith("HTTP/") ? protocol.substring("HTTP/".length()) : "1.1";
  }

  /** One less for the methods it is for (RFC 9110, section 7.6.2); what is no number is nothing. */
  private static Optional<String> maxForwards(RequestHead head) {
    List<String> values = head.fields().all("Max-Forwards");
    if (values.size() != 1 || !values.getFirst().matches("[0-9]{1,9}")) {
      return Optional.empty();
    }
    int left = Integer.parseInt(values.getFirst());
    boolean counts = head.method().equals("OPTIONS") || head.method().equals("TRACE");
    return Optional.of(Integer.toString(counts ? Math.max(0, left - 1) : left));
  }

  private static void addForwarding(RequestHead head, FieldList.Builder out) {
    StringBuilder addresses = new StringBuilder(head.client());
    StringBuilder elements = new StringBuilder("for=").append(node(head.client()));
    elements.append(";host=").append(token(head.authority()));
    elements.append(";proto=").append(head.scheme());
    for (String proxy : head.proxies()) {
      addresses.append(", ").append(proxy);
      elements.append(", for=").append(node(proxy));
    }
    out.add("X-Forwarded-For", addresses.toString());
    out.add("X-Forwarded-Proto", head.scheme());
    out.add("X-Forwarded-Host", head.authority());
    out.add("Forwarded", elements.toString());
  }

  /** RFC 7239, section 6: an IPv6 address stands in brackets, and so in quotes. */
  private static String node(String address) {
    return address.indexOf(':') >= 0 ? "\"[" + address + "]\"" : address;
  }

  /** A host is a token, or in quotes where it has a port or is IPv6. */
  private static String token(String authority) {
    return authority.indexOf(':') >= 0 ? "\"" + authority + "\"" : authority;
  }

  /**
   * The same as it goes to another node of ours: that one tells the origin about the client, and
   * adds this network to the others in CDN-Loop.
   */
  public static FieldList.Builder toPeer(RequestHead head, String pseudonym, List<String> passed) {
    FieldList.Builder out =
        request(head, head.host(), pseudonym, passed)
            .remove("X-Forwarded-For")
            .remove("X-Forwarded-Proto")
            .remove("X-Forwarded-Host")
            .remove("Forwarded")
            .remove("Surrogate-Capability")
            .remove("CDN-Loop");
    head.fields().joined("CDN-Loop").ifPresent(others -> out.add("CDN-Loop", others));
    return out;
  }

  /** The fields of a response without those that belong to the origin's connection. */
  public static FieldList response(Fields fields) {
    Set<String> dropped = connectionListed(fields);
    FieldList.Builder out = FieldList.builder();
    fields.forEach(
        (name, value) -> {
          if (!HOP_BY_HOP.contains(name) && !isListed(name, dropped)) {
            out.add(name, value);
          }
        });
    return out.build();
  }

  private static Set<String> connectionListed(Fields fields) {
    Set<String> listed = Set.of();
    for (String line : fields.all("Connection")) {
      for (String option : line.split(",", -1)) {
        String name = option.strip();
        // What is dropped anyway need not be looked up for every field, and what the door says of a
        // reader's certificate is not the reader's to take back.
        boolean stays = name.equalsIgnoreCase("close") || name.equalsIgnoreCase(ClientCert.FIELD);
        if (!HOP_BY_HOP.contains(name) && !stays) {
          listed = listed.isEmpty() ? new HashSet<>() : listed;
          listed.add(name.toLowerCase(Locale.ROOT));
        }
      }
    }
    return listed;
  }
}
