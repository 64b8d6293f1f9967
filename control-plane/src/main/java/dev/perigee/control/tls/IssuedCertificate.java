package dev.perigee.control.tls;

import dev.perigee.keys.ServerCertificate;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A certificate that an authority issued, as the database has it, and until it has a good one the
 * one that this process made for itself.
 */
public final class IssuedCertificate implements CertificateSource {
  private static final Logger LOG = LoggerFactory.getLogger(IssuedCertificate.class);

  private final String what;
  private final ServerCertificate own;
  private final InstantSource clock;
  private final List<Consumer<ServerCertificate>> listeners = new CopyOnWriteArrayList<>();
  private volatile ServerCertificate current;
  private volatile boolean isOwn = true;
  private String seen = "";
  private String complained = "";
  private Optional<Instant> ends = Optional.empty();

  /**
   * One that shows what this process made.
   *
   * @param what it is of, for logs: "API"
   */
  public IssuedCertificate(String what, ServerCertificate own, InstantSource clock) {
    this.what = what;
    this.own = own;
    this.clock = clock;
    this.current = own;
  }

  @Override
  public ServerCertificate current() {
    return current;
  }

  /**
   * Of the newest that an authority issued: readers want no other. Now where there never was one.
   */
  @Override
  public synchronized Instant ends() {
    return ends.orElseGet(clock::instant);
  }

  /** Whether there is none of an authority's. */
  public boolean isOwn() {
    return isOwn;
  }

  @Override
  public synchronized void follow(Consumer<ServerCertificate> listener) {
    listener.accept(current);
    listeners.add(listener);
  }

  /**
   * Takes what the database has now, where that is another one.
   *
   * @param chain PEM; what has expired is not shown
   */
  public synchronized void take(String chain, String key) {
    if (chain.equals(seen)) {
      return;
    }
    Optional<ServerCertificate> issued = read(chain, key);
    if (issued.isPresent()) {
      ends = issued.map(ServerCertificate::notAfter);
      // By a clock that was wrong it may have ended: it is looked at again.
      if (issued.get().notAfter().isAfter(clock.instant())) {
        show(issued.get());
        isOwn = false;
        seen = chain;
      }
    }
  }

  private Optional<ServerCertificate> read(String chain, String key) {
    try {
      return Optional.of(ServerCertificate.read(chain, key));
    } catch (IOException e) {
      if (chain.equals(complained)) {
        return Optional.empty();
      }
      complained = chain;
      LOG.error("{} certificate that was issued cannot be shown: {}", what, e.getMessage());
      return Optional.empty();
    }
  }

  /** What expired meanwhile is not shown any longer; whoever trusts this process's own gets in. */
  public synchronized void look() {
    Instant now = clock.instant();
    if (!isOwn && current.notAfter().isBefore(now)) {
      LOG.error("{} certificate expired at {} and none came after it", what, current.notAfter());
      isOwn = true;
      seen = "";
      show(own);
    }
  }

  private void show(ServerCertificate next) {
    listeners.forEach(listener -> listener.accept(next));
    current = next;
    LOG.info("{} certificate: {}", what, next);
  }
}
