package dev.perigee.control.api;

import dev.perigee.contract.CompressionPolicy;
import dev.perigee.contract.ContentCoding;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A site's compression as JSON: what is left out has its usual value. */
final class CompressionPolicyJson {
  private static final Set<String> POLICY =
      Set.of("enabled", "codings", "types", "leastBytes", "personal");

  private CompressionPolicyJson() {}

  static CompressionPolicy read(Input site) {
    CompressionPolicy usual = CompressionPolicy.DEFAULT;
    Optional<Input> given = site.object("compression", POLICY);
    if (given.isEmpty()) {
      return usual;
    }
    Input input = given.get();
    return new CompressionPolicy(
        input.flag("enabled", usual.enabled()),
        input.has("codings") ? codings(input) : usual.codings(),
        input.texts("types").stream().map(type -> type.toLowerCase(Locale.ROOT)).toList(),
        input.whole("leastBytes").orElse(usual.leastBytes()),
        input.flag("personal"));
  }

  private static List<ContentCoding> codings(Input input) {
    List<ContentCoding> codings = new ArrayList<>();
    List<String> names = input.texts("codings");
    for (int i = 0; i < names.size(); i++) {
      Optional<ContentCoding> coding = ContentCoding.of(names.get(i));
      if (coding.isEmpty()) {
        input.problem("codings[" + i + "]", "must be br, zstd or gzip: " + names.get(i));
      }
      coding.ifPresent(codings::add);
    }
    return codings;
  }

  static Map<String, Object> view(CompressionPolicy policy) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("enabled", policy.enabled());
    view.put("codings", policy.codings().stream().map(ContentCoding::token).toList());
    view.put("types", policy.types());
    view.put("leastBytes", policy.leastBytes());
    view.put("personal", policy.personal());
    return view;
  }
}
