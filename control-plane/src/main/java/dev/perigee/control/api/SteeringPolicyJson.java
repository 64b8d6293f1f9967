package dev.perigee.control.api;

import dev.perigee.contract.SteeringPolicy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A site's steering as JSON: what is left out has its usual value. */
final class SteeringPolicyJson {
  private static final Set<String> POLICY =
      Set.of("countries", "continents", "ttlSeconds", "nodesPerObject");

  private SteeringPolicyJson() {}

  static SteeringPolicy read(Input site) {
    SteeringPolicy usual = SteeringPolicy.DEFAULT;
    Optional<Input> given = site.object("steering", POLICY);
    if (given.isEmpty()) {
      return usual;
    }
    Input input = given.get();
    return new SteeringPolicy(
        codes(input, "countries"),
        codes(input, "continents"),
        input.integer("ttlSeconds", usual.ttlSeconds()),
        input.integer("nodesPerObject", usual.nodesPerObject()));
  }

  private static List<String> codes(Input input, String field) {
    return input.texts(field).stream().map(code -> code.toUpperCase(Locale.ROOT)).toList();
  }

  static Map<String, Object> view(SteeringPolicy policy) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("countries", policy.countries());
    view.put("continents", policy.continents());
    view.put("ttlSeconds", policy.ttlSeconds());
    view.put("nodesPerObject", policy.nodesPerObject());
    return view;
  }
}
