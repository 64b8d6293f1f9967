package dev.perigee.control.api;

import dev.perigee.contract.Limits;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.WarmUrl;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.WarmUpStore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Warm-ups: lists of URLs that nodes fetch into their caches before readers ask. */
final class WarmUpResource {
  private static final Set<String> FIELDS =
      Set.of("site", "urls", "perSecond", "regions", "fields");
  private static final int USUAL_PER_SECOND = 20;

  private final WarmUpStore warmUps;
  private final NodeStore nodes;
  private final FleetView fleet;
  private final SiteFinder find;

  WarmUpResource(WarmUpStore warmUps, NodeStore nodes, FleetView fleet, SiteFinder find) {
    this.warmUps = warmUps;
    this.nodes = nodes;
    this.fleet = fleet;
    this.find = find;
  }

  Reply begin(Purview purview, String body) {
    Input input = Input.read(body, FIELDS);
    String name = input.required("site");
    Optional<SiteConfig> site = find.find(purview, name);
    if (site.isEmpty() && !name.isEmpty()) {
      input.problem("site", "is not known: " + name);
    }
    int perSecond = input.integer("perSecond", USUAL_PER_SECOND);
    if (perSecond < 1 || perSecond > Limits.WARM_PER_SECOND) {
      input.problem("perSecond", "must be 1 to " + Limits.WARM_PER_SECOND);
    }
    List<WarmUrl> urls = site.map(s -> urls(input, s)).orElse(List.of());
    Map<String, String> fields = fields(input);
    Set<String> regions = Set.copyOf(input.texts("regions"));
    if (!input.problems().isEmpty() || site.isEmpty()) {
      return Reply.invalid(input.problems());
    }
    WarmUpStore.Order order = order(site.get(), urls, fields, perSecond, regions);
    if (order.nodes().isEmpty()) {
      String who = order.absent().isEmpty() ? "No node serves" : "No connected node serves";
      return new Reply.Refused(
          409, "Conflict", who + " the site there: see perigee node list.", List.of());
    }
    return warmUps
        .begin(order)
        .<Reply>map(progress -> new Reply.Json(202, view(progress)))
        .orElseGet(
            () ->
                new Reply.Refused(
                    429,
                    "Too many",
                    "At most %d URLs of an organisation are kept, and %d of all; begin it in an hour."
                        .formatted(WarmUpStore.MAX_URLS_OF_ONE, WarmUpStore.MAX_URLS),
                    List.of()));
  }

  Reply progress(Purview purview, String id) {
    return warmUps
        .progress(purview, id)
        .map(progress -> Reply.ok(view(progress)))
        .orElseGet(() -> Reply.notFound("warm-up"));
  }

  private static List<WarmUrl> urls(Input input, SiteConfig site) {
    List<String> texts = input.texts("urls");
    if (texts.isEmpty() || texts.size() > Limits.WARM_URLS) {
      input.problem("urls", "must be 1 to " + Limits.WARM_URLS);
      return List.of();
    }
    Set<WarmUrl> urls = new LinkedHashSet<>();
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i);
      String whole =
          text.startsWith("/")
              ? site.primaryHost().map(host -> "https://" + host + text).orElse(text)
              : text;
      Optional<WarmUrl> url = WarmUrl.parse(whole);
      if (url.isEmpty()) {
        input.problem(
            "urls[" + i + "]", "must be http(s)://host/path, or /path on the first host: " + text);
      } else if (!site.answersFor(url.get().host())) {
        input.problem("urls[" + i + "]", "is not of the site: " + text);
      }
      url.ifPresent(urls::add);
    }
    return List.copyOf(urls);
  }

  /** Only what tells representations apart: nothing that speaks for a person or of a connection. */
  private static Map<String, String> fields(Input input) {
    Set<String> known = Set.of("Accept", "Accept-Encoding", "Accept-Language", "User-Agent");
    Map<String, String> fields = new TreeMap<>();
    input
        .object("fields", known)
        .ifPresent(
            object ->
                known.forEach(
                    name ->
                        object
                            .text(name)
                            .filter(value -> isSound(object, name, value))
                            .ifPresent(value -> fields.put(name, value))));
    return fields;
  }

  private static boolean isSound(Input input, String name, String value) {
    boolean sound = value.length() <= 256 && value.chars().allMatch(c -> c >= ' ' && c < 0x7f);
    if (!sound) {
      input.problem(name, "must be at most 256 visible characters");
    }
    return sound;
  }

  private WarmUpStore.Order order(
      SiteConfig site,
      List<WarmUrl> urls,
      Map<String, String> fields,
      int perSecond,
      Set<String> regions) {
    Set<String> there = new LinkedHashSet<>();
    List<String> absent = new ArrayList<>();
    for (Node node : nodes.all()) {
      boolean wanted = regions.isEmpty() || regions.contains(node.region());
      if (wanted && site.isServedIn(node.region())) {
        if (fleet.state(node.name()).connected()) {
          there.add(node.name());
        } else {
          absent.add(node.name());
        }
      }
    }
    return new WarmUpStore.Order(site.id(), urls, fields, perSecond, there, absent);
  }

  private static Map<String, Object> view(WarmUpStore.Progress progress) {
    List<Map<String, Object>> nodes = new ArrayList<>();
    new TreeMap<>(progress.nodes())
        .forEach(
            (name, node) -> {
              Map<String, Object> view = new LinkedHashMap<>();
              view.put("name", name);
              view.put("done", node.done());
              view.put("hits", node.hits());
              view.put("stored", node.stored());
              view.put("passed", node.passed());
              view.put("failed", node.failed());
              nodes.add(view);
            });
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", progress.id());
    view.put("site", progress.site());
    view.put("urls", progress.urls());
    view.put("issuedAt", progress.issuedAt().toString());
    view.put("complete", progress.isComplete());
    view.put("nodes", nodes);
    view.put("absent", progress.absent());
    view.put("failures", progress.failures());
    return view;
  }
}
