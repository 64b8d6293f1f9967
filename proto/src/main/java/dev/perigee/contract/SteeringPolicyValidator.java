package dev.perigee.contract;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The rules that a steering policy must keep on both sides. */
final class SteeringPolicyValidator {
  private static final Pattern COUNTRY = Pattern.compile("[A-Z]{2}");
  private static final Set<String> CONTINENTS = Set.of("AF", "AN", "AS", "EU", "NA", "OC", "SA");

  private final List<Problem> problems = new ArrayList<>();

  private SteeringPolicyValidator() {}

  static List<Problem> problems(SteeringPolicy policy) {
    SteeringPolicyValidator validator = new SteeringPolicyValidator();
    validator.check(policy);
    return validator.problems;
  }

  private void require(boolean holds, String field, String otherwise) {
    if (!holds) {
      problems.add(new Problem("steering." + field, otherwise));
    }
  }

  private void check(SteeringPolicy policy) {
    require(
        policy.countries().size() <= Limits.PINNED_COUNTRIES,
        "countries",
        "must be at most " + Limits.PINNED_COUNTRIES);
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < policy.countries().size(); i++) {
      String code = policy.countries().get(i);
      String at = "countries[" + i + "]";
      require(
          COUNTRY.matcher(code).matches(),
          at,
          "must be two capital letters (ISO 3166-1 alpha-2), such as DE: " + code);
      require(seen.add(code), at, "stands twice: " + code);
    }
    seen.clear();
    for (int i = 0; i < policy.continents().size(); i++) {
      String code = policy.continents().get(i);
      String at = "continents[" + i + "]";
      require(CONTINENTS.contains(code), at, "must be AF, AN, AS, EU, NA, OC or SA: " + code);
      require(seen.add(code), at, "stands twice: " + code);
    }
    require(
        policy.ttlSeconds() >= Limits.DNS_TTL_LEAST && policy.ttlSeconds() <= Limits.DNS_TTL_MOST,
        "ttlSeconds",
        "must be %d to %d".formatted(Limits.DNS_TTL_LEAST, Limits.DNS_TTL_MOST));
    require(
        policy.nodesPerObject() >= 1 && policy.nodesPerObject() <= Limits.NODES_PER_OBJECT,
        "nodesPerObject",
        "must be 1 to " + Limits.NODES_PER_OBJECT);
  }
}
