package dev.perigee.edge.policy;

import dev.perigee.contract.KeyRule;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.Fields;
import dev.perigee.edge.request.RequestHead;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/** The cache key of a request, by the rules of its site. */
final class KeyPolicy {
  private KeyPolicy() {}

  static CacheKey key(RequestHead request, ClientPlace place, SiteConfig site, String keyHost) {
    KeyRule rule = site.cache().key();
    return new CacheKey(
        site.id(),
        keyHost,
        rule.target(request.target()),
        site.schemeInKey() ? Optional.of(request.scheme()) : Optional.empty(),
        site.portInKey() ? OptionalInt.of(request.port()) : OptionalInt.empty(),
        rule.hasExtra() ? extra(rule, request.fields(), place) : "",
        CacheKey.WHOLE);
  }

  /** One line for each part, with the length before each value so that none can look like two. */
  private static String extra(KeyRule rule, Fields fields, ClientPlace place) {
    StringBuilder extra = new StringBuilder();
    for (String name : rule.headers()) {
      part(extra, name, fields.joined(name).map(String::strip));
    }
    for (String name : rule.cookies()) {
      part(extra, "cookie " + name, cookie(fields, name));
    }
    if (rule.device()) {
      part(extra, "device", Optional.of(device(fields)));
    }
    if (rule.country()) {
      part(extra, "client country", Optional.of(place.country()));
    }
    return extra.toString();
  }

  private static void part(StringBuilder extra, String name, Optional<String> value) {
    extra.append(name).append('=');
    value.ifPresent(text -> extra.append(text.length()).append(':').append(text));
    extra.append('\n');
  }

  /** The value of the first cookie with this name (RFC 6265, section 4.2.1). */
  private static Optional<String> cookie(Fields fields, String name) {
    for (String line : fields.all("Cookie")) {
      for (String pair : line.split(";", -1)) {
        int equals = pair.indexOf('=');
        if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
          return Optional.of(pair.substring(equals + 1).strip());
        }
      }
    }
    return Optional.empty();
  }

  /** By the client hint where it is sent, else by what browsers put into User-Agent. */
  static String device(Fields fields) {
    String agent = fields.first("User-Agent").orElse("").toLowerCase(Locale.ROOT);
    boolean tablet =
        agent.contains("ipad")
            || agent.contains("tablet")
            || (agent.contains("android") && !agent.contains("mobile"));
    if (tablet) {
      return "tablet";
    }
    Optional<String> hint = fields.first("Sec-CH-UA-Mobile").map(String::strip);
    boolean mobile = hint.map("?1"::equals).orElse(agent.contains("mobi"));
    return mobile ? "mobile" : "desktop";
  }
}
