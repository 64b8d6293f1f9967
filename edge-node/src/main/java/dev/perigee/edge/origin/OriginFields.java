package dev.perigee.edge.origin;

import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.Fields;
import dev.perigee.edge.request.RequestHead;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * The header fields between client and origin: what belongs to one connection is dropped (RFC 9110,
 * section 7.6.1), what tells the origin about the client is set anew and never believed from the
 * client.
 */
public final class OriginFields {
  private static final Set<String> HOP_BY_HOP =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "proxy-authenticate",
          "proxy-authorization",
          "http2-settings");

  /** Set by this node, so never taken over from a client. */
  private static final Set<String> OURS =
      Set.of(
          "host",
          "expect",
          "content-length",
          "via",
          "forwarded",
          "x-forwarded-for",
          "x-forwarded-proto",
          "x-forwarded-host",
          "x-forwarded-port",
          "x-original-url",
          "x-rewrite-url",
          "perigee-peer");

  private OriginFields() {}

  /**
   * The fields of a request as it goes to the origin.
   *
   * @param host what Host says
   * @param pseudonym this node's name in Via
   */
  public static FieldList.Builder request(RequestHead head, String host, String pseudonym) {
    Set<String> dropped = connectionListed(head.fields());
    FieldList.Builder out = FieldList.builder().add("Host", host);
    head.fields()
        .forEach(
            (name, value) -> {
              String lower = name.toLowerCase(Locale.ROOT);
              if (!HOP_BY_HOP.contains(lower)
                  && !OURS.contains(lower)
                  && !dropped.contains(lower)) {
                out.add(name, value);
              }
            });
    String version = head.protocol().startsWith("HTTP/") ? head.protocol().substring(5) : "1.1";
    String via = version + " " + pseudonym;
    out.add("Via", head.fields().joined("Via").map(before -> before + ", " + via).orElse(via));
    out.add("X-Forwarded-For", head.client());
    out.add("X-Forwarded-Proto", head.scheme());
    out.add("X-Forwarded-Host", head.host());
    out.add("Forwarded", forwarded(head));
    return out;
  }

  /** The same as it goes to another node of ours, which tells the origin about the client. */
  public static FieldList.Builder toPeer(RequestHead head, String pseudonym) {
    return request(head, head.host(), pseudonym)
        .remove("X-Forwarded-For")
        .remove("X-Forwarded-Proto")
        .remove("X-Forwarded-Host")
        .remove("Forwarded");
  }

  /** The fields of a response without those that belong to the origin's connection. */
  public static FieldList response(Fields fields) {
    Set<String> dropped = connectionListed(fields);
    FieldList.Builder out = FieldList.builder();
    fields.forEach(
        (name, value) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          if (!HOP_BY_HOP.contains(lower) && !dropped.contains(lower)) {
            out.add(name, value);
          }
        });
    return out.build();
  }

  private static Set<String> connectionListed(Fields fields) {
    Set<String> listed = new HashSet<>();
    for (String line : fields.all("Connection")) {
      for (String name : line.split(",", -1)) {
        listed.add(name.strip().toLowerCase(Locale.ROOT));
      }
    }
    return listed;
  }

  /** RFC 7239, section 4; an IPv6 address stands in brackets and quotes. */
  private static String forwarded(RequestHead head) {
    String client = head.client().indexOf(':') >= 0 ? "\"[" + head.client() + "]\"" : head.client();
    String host = head.host().startsWith("[") ? "\"" + head.host() + "\"" : head.host();
    return "for=" + client + ";host=" + host + ";proto=" + head.scheme();
  }
}
