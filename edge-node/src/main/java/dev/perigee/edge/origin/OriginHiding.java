package dev.perigee.edge.origin;

import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.FieldNames;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.List;
import java.util.Locale;

/**
 * Takes out of an origin's response what tells of the origin, once and before it is stored: what it
 * is made of, and where it is. A reference that names an origin becomes one to the same path of
 * whatever host the reader asked, which is right for every alias of the site; see {@link
 * OriginReference}.
 */
public final class OriginHiding {
  /**
   * Of servers and what runs in them; alternatives are the origin's own, not this network's; and in
   * the last one only nodes may say something.
   */
  private static final FieldNames USUAL =
      FieldNames.of(
          "server",
          "via",
          "alt-svc",
          "x-powered-by",
          "x-powered-by-plesk",
          "x-aspnet-version",
          "x-aspnetmvc-version",
          "x-generator",
          "x-runtime",
          "x-backend",
          "x-backend-server",
          "x-server",
          "x-upstream",
          "x-served-by",
          "x-varnish",
          "perigee-peer");

  /** What may name the origin in its value. */
  private static final FieldNames NAMING =
      FieldNames.of("location", "content-location", "refresh", "link", "set-cookie");

  private OriginHiding() {}

  /**
   * The response as readers may see it.
   *
   * @param scheme of the request that it answers
   */
  public static ResponseHead hide(ResponseHead head, SiteConfig site, String scheme) {
    return new ResponseHead(head.status(), hide(head.fields(), site, scheme));
  }

  /** The same for an interim response. */
  public static InterimHead hide(InterimHead head, SiteConfig site, String scheme) {
    return new InterimHead(head.status(), hide(head.fields(), site, scheme));
  }

  private static FieldList hide(FieldList fields, SiteConfig site, String scheme) {
    HidingPolicy policy = site.hiding();
    OriginReference references = new OriginReference(site, scheme);
    FieldList.Builder out = FieldList.builder();
    fields.forEach(
        (name, value) -> {
          boolean dropped =
              USUAL.contains(name)
                  || (!policy.dropped().isEmpty()
                      && policy.dropped().contains(name.toLowerCase(Locale.ROOT)));
          if (!dropped) {
            boolean rewrites = policy.rewrite() && NAMING.contains(name);
            out.add(name, rewrites ? rewritten(name, value, site, references) : value);
          }
        });
    return out.build();
  }

  private static String rewritten(
      String name, String value, SiteConfig site, OriginReference references) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "location" -> references.ofLocation(value);
      case "content-location" -> references.of(value);
      case "refresh" -> refresh(value, references);
      case "link" -> link(value, references);
      case "set-cookie" -> cookie(value, site);
      default -> value;
    };
  }

  /** {@code 5; url=REFERENCE}, as browsers read it: the reference may stand in quotes. */
  private static String refresh(String value, OriginReference references) {
    int at = value.toLowerCase(Locale.ROOT).indexOf("url=");
    if (at < 0) {
      return value;
    }
    int start = at + "url=".length();
    String reference = value.substring(start).strip();
    boolean quoted =
        reference.length() > 1
            && (reference.charAt(0) == '"' || reference.charAt(0) == '\'')
            && reference.charAt(reference.length() - 1) == reference.charAt(0);
    String bare = quoted ? reference.substring(1, reference.length() - 1) : reference;
    String named = references.of(bare);
    return named.equals(bare) ? value : value.substring(0, start) + named;
  }

  /** Every target in angle brackets (RFC 8288, section 3). */
  private static String link(String value, OriginReference references) {
    StringBuilder out = new StringBuilder(value.length());
    int at = 0;
    for (int open = value.indexOf('<'); open >= 0; open = value.indexOf('<', at)) {
      int close = value.indexOf('>', open);
      if (close < 0) {
        break;
      }
      out.append(value, at, open + 1).append(references.of(value.substring(open + 1, close)));
      at = close;
    }
    return out.append(value, at, value.length()).toString();
  }

  /**
   * Without a Domain that covers an origin and none of the site's hosts: the cookie is then of the
   * host that was asked, whichever it was (RFC 6265, section 5.3).
   */
  private static String cookie(String value, SiteConfig site) {
    String[] parts = value.split(";", -1);
    StringBuilder out = new StringBuilder(parts[0]);
    for (int i = 1; i < parts.length; i++) {
      String attribute = parts[i].strip().toLowerCase(Locale.ROOT);
      boolean domain = attribute.startsWith("domain=") || attribute.startsWith("domain ");
      if (!domain || !namesOrigin(attribute.substring(attribute.indexOf('=') + 1), site)) {
        out.append(';').append(parts[i]);
      }
    }
    return out.toString();
  }

  private static boolean namesOrigin(String domain, SiteConfig site) {
    String bare = domain.strip();
    bare = bare.startsWith(".") ? bare.substring(1) : bare;
    List<String> origins = OriginReference.origins(site).map(OriginUrl::host).toList();
    return covers(bare, origins) && !covers(bare, site.hosts());
  }

  private static boolean covers(String domain, List<String> hosts) {
    return !domain.isEmpty()
        && hosts.stream().anyMatch(host -> host.equals(domain) || host.endsWith("." + domain));
  }
}
