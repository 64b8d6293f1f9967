package dev.perigee.contract;

import dev.perigee.contract.sync.v1.WarmField;
import dev.perigee.contract.sync.v1.WarmUp;
import dev.perigee.contract.sync.v1.Warmed;
import java.util.LinkedHashMap;
import java.util.Map;

/** Two-way codec of warm-ups, a part of {@link SyncCodec}. */
final class WarmUpCodec {
  private WarmUpCodec() {}

  static WarmUp encode(FromControl.WarmUp order) {
    WarmUp.Builder out =
        WarmUp.newBuilder()
            .setJob(order.job())
            .setSite(order.site())
            .setFrom(order.from())
            .setPerSecond(order.perSecond());
    order
        .fields()
        .forEach(
            (name, value) -> out.addFields(WarmField.newBuilder().setName(name).setValue(value)));
    order.urls().forEach(url -> out.addUrls(encode(url)));
    return out.build();
  }

  static dev.perigee.contract.sync.v1.WarmUrl encode(WarmUrl url) {
    return dev.perigee.contract.sync.v1.WarmUrl.newBuilder()
        .setScheme(url.scheme())
        .setHost(url.host())
        .setTarget(url.target())
        .build();
  }

  static FromControl.WarmUp decode(WarmUp order) {
    Map<String, String> fields = new LinkedHashMap<>();
    order.getFieldsList().forEach(field -> fields.put(field.getName(), field.getValue()));
    return new FromControl.WarmUp(
        order.getJob(),
        order.getSite(),
        order.getFrom(),
        order.getUrlsList().stream()
            .map(url -> new WarmUrl(url.getScheme(), url.getHost(), url.getTarget()))
            .toList(),
        fields,
        order.getPerSecond());
  }

  static Warmed encode(FromEdge.Warmed warmed) {
    return Warmed.newBuilder()
        .setJob(warmed.job())
        .setThrough(warmed.through())
        .setHits(warmed.hits())
        .setStored(warmed.stored())
        .setPassed(warmed.passed())
        .setFailed(warmed.failed())
        .addAllFailures(warmed.failures())
        .build();
  }

  static FromEdge.Warmed decode(Warmed warmed) {
    return new FromEdge.Warmed(
        warmed.getJob(),
        warmed.getThrough(),
        warmed.getHits(),
        warmed.getStored(),
        warmed.getPassed(),
        warmed.getFailed(),
        warmed.getFailuresList());
  }
}
