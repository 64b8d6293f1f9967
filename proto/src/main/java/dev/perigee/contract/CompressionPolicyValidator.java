package dev.perigee.contract;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** The rules that a compression policy must keep on both sides. */
final class CompressionPolicyValidator {
  private CompressionPolicyValidator() {}

  static List<Problem> problems(CompressionPolicy policy) {
    List<Problem> problems = new ArrayList<>();
    if (policy.codings().isEmpty()) {
      problems.add(
          new Problem("compression.codings", "must name one at least; enabled says whether"));
    }
    if (new HashSet<>(policy.codings()).size() < policy.codings().size()) {
      problems.add(new Problem("compression.codings", "must name each once"));
    }
    types(policy, problems);
    if (policy.leastBytes() < 1 || policy.leastBytes() > Limits.COMPRESSED_LEAST_BYTES) {
      problems.add(
          new Problem("compression.leastBytes", "must be 1 to " + Limits.COMPRESSED_LEAST_BYTES));
    }
    return problems;
  }

  private static void types(CompressionPolicy policy, List<Problem> problems) {
    if (policy.types().size() > Limits.COMPRESSED_TYPES) {
      problems.add(new Problem("compression.types", "must be at most " + Limits.COMPRESSED_TYPES));
    }
    for (int i = 0; i < policy.types().size(); i++) {
      String type = policy.types().get(i);
      boolean isType =
          type.length() <= Limits.COMPRESSED_TYPE_LENGTH
              && CachePolicyValidator.TYPE.matcher(type).matches();
      if (!isType) {
        problems.add(
            new Problem(
                "compression.types[" + i + "]",
                "must be a type such as text/html, or text/*: " + type));
      }
    }
  }
}
