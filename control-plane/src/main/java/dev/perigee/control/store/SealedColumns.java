package dev.perigee.control.store;

import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.HidingPolicyCodec;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginPoolsCodec;
import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import org.jdbi.v3.core.config.JdbiConfig;

/**
 * How sites lie in a database: where they hold secrets, what they reach their origins with, those
 * columns are sealed. Part of what every connection knows, so that each statement has the keys.
 */
public final class SealedColumns implements JdbiConfig<SealedColumns> {
  /** In a column {@code sealed_by}: with what, or whether at all, nobody has looked. */
  static final String UNSEEN = "?";

  private KeyRing keys;

  /** Without keys. */
  public SealedColumns() {
    keys = KeyRing.none();
  }

  private SealedColumns(KeyRing keys) {
    this.keys = keys;
  }

  void sealWith(KeyRing ring) {
    keys = ring;
  }

  @Override
  public SealedColumns createCopy() {
    return new SealedColumns(keys);
  }

  byte[] pools(String site, OriginPools pools) {
    byte[] bytes = OriginPoolsCodec.toBytes(pools);
    return isSecret(pools) ? keys.enclose(poolsOf(site), bytes) : bytes;
  }

  OriginPools pools(String site, byte[] kept) {
    return OriginPoolsCodec.of(keys.disclose(poolsOf(site), kept));
  }

  byte[] hiding(String site, HidingPolicy hiding) {
    byte[] bytes = HidingPolicyCodec.toBytes(hiding);
    return isSecret(hiding) ? keys.enclose(hidingOf(site), bytes) : bytes;
  }

  HidingPolicy hiding(String site, byte[] kept) {
    return HidingPolicyCodec.of(keys.disclose(hidingOf(site), kept));
  }

  /** All of a site, as its history and its rollouts keep it. */
  byte[] whole(SiteConfig site) {
    byte[] bytes = SyncCodec.toBytes(site);
    return isSecret(site) ? keys.enclose(wholeOf(site.id()), bytes) : bytes;
  }

  SiteConfig whole(String site, byte[] kept) {
    return SyncCodec.siteOf(keys.disclose(wholeOf(site), kept));
  }

  /** What the column {@code sealed_by} says beside {@link #whole}: nothing where none is due. */
  String mark(SiteConfig site) {
    return isSecret(site) ? keys.shared().orElse(UNSEEN) : "";
  }

  static boolean isSecret(SiteConfig site) {
    return isSecret(site.pools()) || isSecret(site.hiding());
  }

  static boolean isSecret(OriginPools pools) {
    return pools.pools().stream()
        .anyMatch(
            pool ->
                pool.transport().clientKey().isPresent() || pool.balance().sticky().isPresent());
  }

  static boolean isSecret(HidingPolicy hiding) {
    return switch (hiding.signing()) {
      case OriginSigning.None none -> false;
      case OriginSigning.SharedSecret shared -> !shared.secret().isNone();
      case OriginSigning.AwsV4 aws -> !aws.secretAccessKey().isNone();
    };
  }

  /** What the origins' pools of a site are sealed as. */
  static String poolsOf(String site) {
    return "origins of site " + site;
  }

  /** What the hiding of a site's origins is sealed as. */
  static String hidingOf(String site) {
    return "signing of site " + site;
  }

  /** What a revision or a candidate of a site is sealed as. */
  static String wholeOf(String site) {
    return "a revision of site " + site;
  }
}
