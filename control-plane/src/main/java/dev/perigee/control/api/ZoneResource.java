package dev.perigee.control.api;

import dev.perigee.contract.AddressRange;
import dev.perigee.control.store.CoverageZone;
import dev.perigee.control.store.ZoneStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The coverage zones: shown and replaced as a whole. */
final class ZoneResource {
  private static final Set<String> FIELDS = Set.of("items");
  private static final Set<String> ZONE = Set.of("network", "targets");

  private final ZoneStore zones;

  ZoneResource(ZoneStore zones) {
    this.zones = zones;
  }

  List<Routes.Route> routes() {
    return List.of(
        new Routes.Route(
            Access.OPERATOR,
            "GET",
            "/v1/steer/zones",
            "The networks whose clients go to regions or nodes that are named.",
            "",
            "ZoneList",
            List.of(),
            List.of(),
            call -> view(zones.all())),
        new Routes.Route(
            Access.OPERATOR,
            "PUT",
            "/v1/steer/zones",
            "Put these zones in the place of all before; the longest prefix wins.",
            "ZoneList",
            "ZoneList",
            List.of(),
            List.of(),
            call -> replace(call.body())));
  }

  private Reply replace(String body) {
    Input input = Input.read(body, FIELDS);
    List<CoverageZone> wanted = new ArrayList<>();
    if (!input.has("items")) {
      input.problem("items", "is missing; an empty list removes all zones");
    }
    for (Input zone : input.objects("items", ZONE)) {
      String text = zone.required("network");
      Optional<AddressRange> network = AddressRange.parse(text);
      if (network.isEmpty()) {
        zone.problem("network", "must be such as 192.0.2.0/24 or 2001:db8::/32: " + text);
      }
      List<String> targets = zone.texts("targets");
      network.ifPresent(range -> wanted.add(new CoverageZone(range, targets)));
    }
    return input.problems().isEmpty()
        ? Resources.changed(zones.replace(wanted), "zone", ZoneResource::view)
        : Reply.invalid(input.problems());
  }

  private static Reply view(List<CoverageZone> zones) {
    return Reply.items(
        zones.stream()
            .sorted(Comparator.comparing((CoverageZone zone) -> zone.network().toString()))
            .map(ZoneResource::view)
            .toList());
  }

  private static Map<String, Object> view(CoverageZone zone) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("network", zone.network().toString());
    view.put("targets", zone.targets());
    return view;
  }
}
