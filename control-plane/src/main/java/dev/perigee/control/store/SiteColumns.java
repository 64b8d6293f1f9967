package dev.perigee.control.store;

import dev.perigee.contract.AcmeChallenge;
import dev.perigee.contract.CachePolicyCodec;
import dev.perigee.contract.ClientCertificatesCodec;
import dev.perigee.contract.CompressionPolicyCodec;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.RateRuleCodec;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SteeringPolicyCodec;
import dev.perigee.contract.TierPolicy;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/** The columns of a site's row that hold its settings, to be read and to be written. */
final class SiteColumns {
  static final String SELECT =
      """
      SELECT s.id, s.origins, s.regions, s.scheme_in_key, s.port_in_key,
             s.cache_policy, s.origin_pools, s.hiding, s.shield, s.pop_share,
             s.steering, s.rate_limits, s.bandwidth, s.compression, s.acme, s.client_certificates,
             array(SELECT h.host FROM site_host h WHERE h.site = s.id ORDER BY h.position)\
      """;

  /** Columns of a {@link #SELECT}. */
  static final int COUNT = 17;

  private SiteColumns() {}

  /** The settings in the order of their columns, then the id and whatever else. */
  static Object[] values(Handle handle, SiteConfig site, Object... more) {
    SealedColumns sealed = handle.getConfig(SealedColumns.class);
    List<Object> values =
        new ArrayList<>(
            List.of(
                site.origins().stream().map(OriginUrl::toString).toArray(String[]::new),
                site.regions().toArray(String[]::new),
                site.schemeInKey(),
                site.portInKey(),
                CachePolicyCodec.toBytes(site.cache()),
                sealed.pools(site.id(), site.pools()),
                sealed.hiding(site.id(), site.hiding()),
                site.tiers().shield(),
                site.tiers().popShare()));
    values.add(SteeringPolicyCodec.toBytes(site.steering()));
    values.add(RateRuleCodec.toBytes(site.limits()));
    values.add(site.bandwidth());
    values.add(CompressionPolicyCodec.toBytes(site.compression()));
    values.add(site.acme() == AcmeChallenge.OFF ? "" : site.acme().token());
    values.add(ClientCertificatesCodec.toBytes(site.clientCertificates()));
    values.add(site.id());
    values.addAll(List.of(more));
    return values.toArray();
  }

  /** The site of a row of {@link #SELECT}. */
  static SiteConfig read(ResultSet row, StatementContext context) throws SQLException {
    SealedColumns sealed = context.getConfig(SealedColumns.class);
    String id = row.getString(1);
    List<OriginUrl> origins = new ArrayList<>();
    for (String text : (String[]) row.getArray(2).getArray()) {
      OriginUrl.parse(text).ifPresent(origins::add);
    }
    return new SiteConfig(
        id,
        List.of((String[]) row.getArray(COUNT).getArray()),
        origins,
        Set.of((String[]) row.getArray(3).getArray()),
        row.getBoolean(4),
        row.getBoolean(5),
        CachePolicyCodec.of(row.getBytes(6)),
        sealed.pools(id, row.getBytes(7)),
        sealed.hiding(id, row.getBytes(8)),
        new TierPolicy(row.getBoolean(9), row.getBoolean(10)),
        SteeringPolicyCodec.of(row.getBytes(11)),
        RateRuleCodec.of(row.getBytes(12)),
        row.getLong(13),
        CompressionPolicyCodec.of(row.getBytes(14)),
        AcmeChallenge.orOff(row.getString(15)),
        ClientCertificatesCodec.of(row.getBytes(16)));
  }
}
