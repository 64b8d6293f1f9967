package dev.perigee.control.api;

import dev.perigee.contract.HostName;
import dev.perigee.contract.Limits;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.UrlNormaliser;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.store.PurgeReceipts;
import dev.perigee.control.store.PurgeReceipts.Receipt;
import dev.perigee.control.store.PurgeStore;
import dev.perigee.control.store.PurgeStore.IssuedPurge;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.Terms;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Purges and their receipts. */
final class PurgeResource {
  private static final Set<String> FIELDS =
      Set.of("site", "url", "prefix", "host", "tag", "everything", "soft");
  private static final Duration MAX_WAIT = Duration.ofSeconds(60);
  static final List<String> FILTERS = List.of("site");

  /** Purges of a page: each says what all nodes did. */
  private static final int USUAL = 50;

  private static final int MOST = 200;

  /** Nodes that a receipt names of each kind; it counts all of them. */
  private static final int MAX_NAMED = 1_000;

  /** The same in the answer to who issues a purge: there may be hundreds a second. */
  private static final int MAX_NAMED_FIRST = 50;

  private final PurgeStore purges;
  private final PurgeReceipts receipts;
  private final FleetView fleet;
  private final SiteFinder find;
  private volatile Offline offline = new Offline(List.of(), 0, List.of());

  /** Those among some late nodes that are not connected, as many as are named. */
  private record Offline(List<String> of, int most, List<String> named) {}

  PurgeResource(PurgeStore purges, PurgeReceipts receipts, FleetView fleet, SiteFinder find) {
    this.purges = purges;
    this.receipts = receipts;
    this.fleet = fleet;
    this.find = find;
  }

  /** A purge with what nodes did. */
  private record Seen(IssuedPurge purge, Receipt receipt) {
    String name() {
      return Long.toString(purge.purge().number());
    }
  }

  Reply list(Routes.Call call) {
    Listing listing = Listing.of(call, FILTERS, USUAL, MOST);
    long before = listing.afterNumber().orElse(Long.MAX_VALUE);
    Optional<String> name = listing.filter("site");
    Optional<String> site = name.flatMap(n -> find.find(call.purview(), n)).map(SiteConfig::id);
    List<IssuedPurge> newest =
        name.isPresent() && site.isEmpty()
            ? List.of()
            : purges.newest(call.purview(), site, before, listing.oneMore());
    List<Receipt> all = receipts.receipts(newest.stream().map(p -> p.purge().number()).toList());
    List<Seen> seen = new ArrayList<>();
    for (int i = 0; i < newest.size(); i++) {
      seen.add(new Seen(newest.get(i), all.get(i)));
    }
    return listing.cut(seen, Seen::name, one -> view(one.purge(), one.receipt(), MAX_NAMED));
  }

  Reply issue(Purview purview, String body, Optional<String> idempotencyKey) {
    Input input = Input.read(body, FIELDS);
    boolean soft = input.flag("soft");
    Optional<String> name = input.text("site");
    Optional<SiteConfig> site = name.flatMap(n -> find.find(purview, n));
    if (name.isPresent() && site.isEmpty()) {
      input.problem("site", "is not known: " + name.get());
    }
    Optional<PurgeScope> scope = scope(input, site);
    boolean everything = scope.filter(s -> s instanceof PurgeScope.Everything).isPresent();
    // All of every site is the operators' alone.
    if (name.isEmpty() && scope.isPresent() && !(everything && purview.isAll())) {
      input.problem("site", "is missing");
    }
    if (!input.problems().isEmpty() || scope.isEmpty()) {
      return Reply.invalid(input.problems());
    }
    return Resources.changed(
        purges.issue(purview, site.map(SiteConfig::id), scope.get(), soft, idempotencyKey),
        "site",
        purge -> {
          long number = purge.purge().number();
          // With a key it may be an earlier one, which nodes have applied.
          Receipt receipt =
              idempotencyKey.isPresent() && !Terms.isTrial()
                  ? receipts.receipt(number)
                  : receipts.begun(number);
          return new Reply.Json(202, view(purge, receipt, MAX_NAMED_FIRST));
        });
  }

  /** The receipt; waits for its completion at most as long as asked. */
  Reply receipt(Purview purview, String id, Optional<String> wait) {
    Optional<IssuedPurge> purge = purges.byId(purview, id);
    if (purge.isEmpty()) {
      return Reply.notFound("purge");
    }
    long number = purge.get().purge().number();
    if (wait.isEmpty()) {
      return Reply.ok(view(purge.get(), receipts.receipt(number), MAX_NAMED));
    }
    if (!wait.get().matches("[0-9]{1,3}s?")) {
      return Reply.invalid("wait", "must be seconds, such as 30s");
    }
    Duration asked = Duration.ofSeconds(Long.parseLong(wait.get().replace("s", "")));
    try {
      Duration most = asked.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : asked;
      return Reply.ok(view(purge.get(), receipts.await(number, most), MAX_NAMED));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Reply.Refused(503, "Unavailable", "The control plane stops.", List.of());
    }
  }

  private static Optional<PurgeScope> scope(Input input, Optional<SiteConfig> site) {
    Optional<String> url = input.text("url");
    Optional<String> prefix = input.text("prefix");
    Optional<String> host = input.text("host");
    Optional<String> tag = input.text("tag");
    boolean everything = input.flag("everything");
    long scopes =
        List.of(url, prefix, tag).stream().filter(Optional::isPresent).count()
            + (everything ? 1 : 0)
            + (host.isPresent() && prefix.isEmpty() ? 1 : 0);
    if (scopes != 1) {
      input.problem("scope", "exactly one of url, prefix, host, tag, everything must be given");
      return Optional.empty();
    }
    Optional<String> ownHost = host.flatMap(text -> ownHost(input, "host", text, site));
    if (url.isPresent()) {
      return url(input, url.get(), site);
    } else if (prefix.isPresent()) {
      return prefix(input, prefix.get(), ownHost);
    } else if (tag.isPresent()) {
      return tag(input, tag.get());
    } else if (everything) {
      return Optional.of(new PurgeScope.Everything());
    }
    return ownHost.map(PurgeScope.Host::new);
  }

  private static Optional<PurgeScope> url(Input input, String text, Optional<SiteConfig> site) {
    try {
      URI uri = new URI(text);
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getHost() != null && uri.getRawFragment() == null) {
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        Optional<String> target = UrlNormaliser.target(uri.getRawPath() + query);
        Optional<String> host = ownHost(input, "url", uri.getHost(), site);
        if (target.isEmpty()) {
          input.problem("url", "has an ambiguous path: " + text);
        }
        return host.flatMap(h -> target.map(t -> new PurgeScope.Url(h, t)));
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    input.problem("url", "must be http(s)://host/path without a fragment: " + text);
    return Optional.empty();
  }

  private static Optional<PurgeScope> prefix(Input input, String text, Optional<String> host) {
    Optional<String> path = text.startsWith("/") ? UrlNormaliser.target(text) : Optional.empty();
    if (path.isEmpty()) {
      input.problem("prefix", "must be a path that starts with /: " + text);
    }
    return path.map(p -> new PurgeScope.Prefix(host, p));
  }

  private static Optional<PurgeScope> tag(Input input, String text) {
    boolean sound =
        !text.isEmpty()
            && text.length() <= Limits.TAG_LENGTH
            && text.chars().allMatch(c -> c > ' ' && c < 0x7f && c != ',');
    if (!sound) {
      input.problem(
          "tag", "must be 1 to " + Limits.TAG_LENGTH + " visible characters without a comma");
      return Optional.empty();
    }
    return Optional.of(new PurgeScope.Tag(text));
  }

  private static Optional<String> ownHost(
      Input input, String field, String text, Optional<SiteConfig> site) {
    Optional<String> host = HostName.normalise(text);
    if (host.isEmpty() || site.filter(s -> !s.answersFor(host.get())).isPresent()) {
      input.problem(field, "is not a host of the site: " + text);
      return Optional.empty();
    }
    return host;
  }

  private Map<String, Object> view(IssuedPurge issuedPurge, Receipt receipt, int most) {
    Purge purge = issuedPurge.purge();
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", issuedPurge.id());
    view.put("number", purge.number());
    purge.site().ifPresent(site -> view.put("site", site));
    switch (purge.scope()) {
      case PurgeScope.Url(String host, String target) -> view.put("url", host + target);
      case PurgeScope.Prefix(Optional<String> host, String path) -> {
        view.put("prefix", path);
        host.ifPresent(h -> view.put("host", h));
      }
      case PurgeScope.Host(String host) -> view.put("host", host);
      case PurgeScope.Tag(String tag) -> view.put("tag", tag);
      case PurgeScope.Everything() -> view.put("everything", true);
    }
    view.put("soft", purge.soft());
    view.put("issuedAt", issuedPurge.issuedAt().toString());
    view.put("complete", receipt.isComplete());
    view.put("nodes", receipt.applied().size() + receipt.late().size());
    view.put("appliedNodes", receipt.applied().size());
    view.put("applied", named(receipt.applied().stream(), most));
    view.put("late", named(receipt.late().stream(), most));
    view.put("offline", offline(receipt.late(), most));
    receipt.timing().ifPresent(timing -> view.put("timing", timing));
    return view;
  }

  /** First answers of one second share their list of late nodes: it is gone through once. */
  @SuppressWarnings("ReferenceEquality")
  private List<String> offline(List<String> late, int most) {
    Offline known = offline;
    if (known.of() == late && known.most() == most) {
      return known.named();
    }
    Predicate<String> gone = node -> !fleet.state(node).connected();
    List<String> named = named(late.stream().filter(gone), most);
    offline = new Offline(late, most, named);
    return named;
  }

  private static List<String> named(Stream<String> nodes, int most) {
    return nodes.limit(most).toList();
  }
}
