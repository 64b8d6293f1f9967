package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.representer.Representer;

/**
 * Sites as a file holds them, YAML or JSON: one site, or a list of them under {@code sites}, and
 * whose they are under {@code organisation}.
 *
 * @param sites as the API takes them
 */
record SiteFile(Optional<String> organisation, List<Map<String, Object>> sites) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> FIELDS = Set.of("organisation", "sites");

  /** Characters of a file, and how deep things may lie in it. */
  private static final int MOST = 4 << 20;

  private static final int DEPTH = 20;

  /** What a site has because of its changes, and not because somebody set it. */
  private static final Set<String> NOT_SET = Set.of("revision", "organisation");

  SiteFile {
    sites = List.copyOf(sites);
  }

  /** Reads one; a failure says what is wrong where. */
  static SiteFile read(String text) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    options.setAllowRecursiveKeys(false);
    // A list that is in itself has no end, and few lines of them are a large file.
    options.setMaxAliasesForCollections(0);
    options.setCodePointLimit(MOST);
    options.setNestingDepthLimit(DEPTH);
    Object root;
    try {
      root = new Yaml(new SafeConstructor(options)).load(text);
    } catch (YAMLException e) {
      throw new Failure(Failure.USAGE, "the file is neither YAML nor JSON: " + e.getMessage());
    }
    if (!(root instanceof Map<?, ?> map)) {
      throw new Failure(Failure.USAGE, "the file must hold a site, or a list under sites:");
    }
    Map<String, Object> fields = fields(map);
    if (!fields.containsKey("sites")) {
      Object organisation = fields.remove("organisation");
      return new SiteFile(text(organisation), List.of(fields));
    }
    Set<String> unknown = new TreeSet<>(fields.keySet());
    unknown.removeAll(FIELDS);
    if (!unknown.isEmpty()) {
      String known = "beside sites: there may be organisation: alone, not ";
      throw new Failure(Failure.USAGE, known + String.join(", ", unknown));
    }
    List<Map<String, Object>> sites = new ArrayList<>();
    if (!(fields.get("sites") instanceof List<?> all)) {
      throw new Failure(Failure.USAGE, "sites: must be a list; [] is an empty one");
    }
    for (Object one : all) {
      if (!(one instanceof Map<?, ?> site)) {
        throw new Failure(
            Failure.USAGE, "sites[" + sites.size() + "] must be a site, with hosts and origins");
      }
      sites.add(fields(site));
    }
    return new SiteFile(text(fields.get("organisation")), sites);
  }

  private static Map<String, Object> fields(Map<?, ?> map) {
    Map<String, Object> fields = new LinkedHashMap<>();
    map.forEach((name, value) -> fields.put(String.valueOf(name), value == null ? "" : value));
    return fields;
  }

  private static Optional<String> text(@org.jspecify.annotations.Nullable Object value) {
    return Optional.ofNullable(value).map(String::valueOf);
  }

  /** Sites as they are, without what is not set but became so. */
  static SiteFile of(Optional<String> organisation, JsonNode items) {
    List<Map<String, Object>> sites = new ArrayList<>();
    for (JsonNode site : items) {
      Map<String, Object> fields = new LinkedHashMap<>();
      site.properties()
          .forEach(
              field -> {
                if (!NOT_SET.contains(field.getKey())) {
                  fields.put(field.getKey(), JSON.convertValue(field.getValue(), Object.class));
                }
              });
      sites.add(fields);
    }
    return new SiteFile(organisation, sites);
  }

  /** The file. */
  String write() {
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    options.setSplitLines(false);
    options.setIndicatorIndent(2);
    options.setIndentWithIndicator(true);
    Map<String, Object> fields = new LinkedHashMap<>();
    organisation.ifPresent(id -> fields.put("organisation", id));
    fields.put("sites", sites);
    return new Yaml(new Representer(options), options).dump(fields);
  }
}
