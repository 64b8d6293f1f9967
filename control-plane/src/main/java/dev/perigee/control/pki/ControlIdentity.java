package dev.perigee.control.pki;

import dev.perigee.control.pki.EdgeAuthority.Identity;
import dev.perigee.keys.SoleKeyManager;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;

/**
 * The certificate that this control plane shows, and its key: a new one when another CA signs, and
 * long before it expires. Connections that are open go on.
 */
public final class ControlIdentity extends SoleKeyManager implements Supplier<Identity> {
  private final InstantSource clock;
  private volatile Identity identity;

  /** One that is at hand. */
  public ControlIdentity(Identity identity, InstantSource clock) {
    this.identity = identity;
    this.clock = clock;
  }

  @Override
  public Identity get() {
    return identity;
  }

  /** Makes a new one where it is due. */
  public void look(EdgeAuthority authority, List<String> names) {
    X509Certificate leaf = identity.chain().getFirst();
    Instant from = leaf.getNotBefore().toInstant();
    Duration life = Duration.between(from, leaf.getNotAfter().toInstant());
    boolean old = clock.instant().isAfter(from.plus(life.dividedBy(2)));
    if (old || !identity.chain().getLast().equals(authority.certificate())) {
      identity = authority.controlIdentity(names);
    }
  }

  @Override
  protected Shown shown() {
    Identity now = identity;
    return new Shown(now.key(), now.chain());
  }
}
