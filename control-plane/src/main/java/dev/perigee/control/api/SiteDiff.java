package dev.perigee.control.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.perigee.contract.SiteConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is different between two settings of a site, field by field as the API shows them. */
final class SiteDiff {
  private SiteDiff() {}

  /** The fields that differ, each with what it was and what it is; without secrets. */
  static List<Map<String, Object>> between(SiteConfig before, SiteConfig after) {
    Map<String, JsonNode> was = fields(before);
    Map<String, JsonNode> is = fields(after);
    Set<String> all = new LinkedHashSet<>(was.keySet());
    all.addAll(is.keySet());
    List<Map<String, Object>> changes = new ArrayList<>();
    for (String field : all) {
      JsonNode left = was.get(field);
      JsonNode right = is.get(field);
      if (left == null || !left.equals(right)) {
        changes.add(change(field, text(left), text(right)));
      }
    }
    secret(changes, "hiding.signing", before.hiding().signing(), after.hiding().signing());
    secret(changes, "originPools", before.pools(), after.pools());
    return changes;
  }

  /** Of one that is new, the fields that are not as they usually are. */
  static List<Map<String, Object>> of(SiteConfig site) {
    SiteConfig usual = new SiteConfig(site.id(), List.of(), List.of(), Set.of(), false, false);
    List<Map<String, Object>> changes = between(usual, site);
    changes.forEach(change -> change.remove("before"));
    return changes;
  }

  private static Map<String, Object> change(
      String field, Optional<String> before, Optional<String> after) {
    Map<String, Object> change = new LinkedHashMap<>();
    change.put("field", field);
    before.ifPresent(text -> change.put("before", text));
    after.ifPresent(text -> change.put("after", text));
    return change;
  }

  /** A text as it is, anything else as JSON. */
  private static Optional<String> text(@Nullable JsonNode value) {
    return Optional.ofNullable(value).map(v -> v.isTextual() ? v.textValue() : v.toString());
  }

  /** Names what differs though it looks the same: what is not shown of it does. */
  private static void secret(
      List<Map<String, Object>> changes, String field, Object before, Object after) {
    boolean shown =
        changes.stream().anyMatch(change -> String.valueOf(change.get("field")).startsWith(field));
    if (!shown && !before.equals(after)) {
      changes.add(change(field, Optional.of("(a secret)"), Optional.of("(another secret)")));
    }
  }

  private static Map<String, JsonNode> fields(SiteConfig site) {
    Map<String, JsonNode> fields = new LinkedHashMap<>();
    flatten("", Input.json().valueToTree(Resources.view(site)), fields);
    return fields;
  }

  /** Lists of objects go item by item, lists of anything else as a whole. */
  private static void flatten(String at, JsonNode node, Map<String, JsonNode> fields) {
    if (node.isObject()) {
      node.properties()
          .forEach(
              field ->
                  flatten(
                      at.isEmpty() ? field.getKey() : at + "." + field.getKey(),
                      field.getValue(),
                      fields));
    } else if (node.isArray() && !node.isEmpty() && node.get(0).isObject()) {
      for (int i = 0; i < node.size(); i++) {
        flatten(at + "[" + i + "]", node.get(i), fields);
      }
    } else {
      fields.put(at, node);
    }
  }
}
