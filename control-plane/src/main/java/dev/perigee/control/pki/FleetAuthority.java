package dev.perigee.control.pki;

import dev.perigee.contract.FromControl;
import dev.perigee.control.store.AuthorityStore;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.ReplicaStore;
import dev.perigee.control.store.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this control plane shows, and whom it and all nodes are to trust, as the database says.
 * Whoever runs it looks again every second or two.
 */
public final class FleetAuthority {
  private static final Logger LOG = LoggerFactory.getLogger(FleetAuthority.class);
  private static final Duration FORGET = Duration.ofHours(1);

  private final OutageLog unread = new OutageLog(LOG, "edge CAs stay as they were");
  private final EdgeAuthority authority;
  private final AuthorityStore store;
  private final ControlIdentity identity;
  private final FleetTrust trust;
  private final List<String> names;
  private final InstantSource clock;
  private final Runnable changed;
  private volatile Optional<FromControl.Trust> told = Optional.empty();
  private Instant forgetAt = Instant.MIN;

  /**
   * One that is not read yet.
   *
   * @param names under which this control plane is reached
   * @param changed run when nodes are to be told of something else
   */
  public FleetAuthority(
      EdgeAuthority authority,
      AuthorityStore store,
      List<String> names,
      InstantSource clock,
      Runnable changed) {
    this.authority = authority;
    this.store = store;
    this.names = List.copyOf(names);
    this.clock = clock;
    this.changed = changed;
    this.identity = new ControlIdentity(authority.controlIdentity(names), clock);
    this.trust = new FleetTrust(authority::trusted, clock);
  }

  /** What this control plane shows. */
  public ControlIdentity identity() {
    return identity;
  }

  /** Whom it believes. */
  public FleetTrust trust() {
    return trust;
  }

  /** Whom nodes are to trust; empty until it was read. */
  public Optional<FromControl.Trust> told() {
    return told;
  }

  /** What the other control planes are told. */
  public ReplicaStore.Trusts trusts() {
    return new ReplicaStore.Trusts(
        authority.trusted().stream().map(EdgeAuthority::fingerprint).toList(),
        EdgeAuthority.fingerprint(identity.get().chain().getLast()));
  }

  /** Takes over what the database says; a broken one changes nothing. */
  public synchronized void look() {
    try {
      authority.look();
      identity.look(authority, names);
      if (clock.instant().isAfter(forgetAt)) {
        store.forget();
        forgetAt = clock.instant().plus(FORGET);
      }
      Optional<FromControl.Trust> now =
          Optional.of(new FromControl.Trust(authority.trustedBytes(), store.revoked()));
      if (!now.equals(told)) {
        told = now;
        changed.run();
      }
    } catch (StoreException e) {
      unread.failed(e);
    }
  }
}
