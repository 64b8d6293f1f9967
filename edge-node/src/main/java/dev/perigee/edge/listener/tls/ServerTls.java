package dev.perigee.edge.listener.tls;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.TicketKey;
import dev.perigee.edge.table.HashTrie;
import io.netty.handler.ssl.OpenSsl;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/**
 * The TLS side of the HTTPS listeners: the certificate by server name from a table that is swapped
 * while connections run, the versions by a profile, and session tickets with keys that are swapped
 * too. A name without a certificate is refused with unrecognized_name (RFC 6066, section 3).
 */
public final class ServerTls {
  /** Names for which what a handshake needs is kept; see {@link TlsCache}. */
  public static final int NAMES = 4096;

  private final AtomicReference<List<CertificateTable>> tables =
      new AtomicReference<>(List.of(CertificateTable.empty()));
  private final AtomicLong unrecognizedNames = new AtomicLong();
  private final TlsEngine engine;
  private final TlsProfile profile;
  private final TlsCache names;
  private final NamedTls nobody;
  private final SSLContext context;

  /** With the usual profile and number of names. */
  public ServerTls(TlsEngine wanted) throws GeneralSecurityException {
    this(wanted, TlsProfile.INTERMEDIATE, NAMES);
  }

  /**
   * Chooses the engine; there is no certificate yet.
   *
   * @param most names for which what a handshake needs is kept
   * @throws GeneralSecurityException when the engine asked for cannot be had
   */
  public ServerTls(TlsEngine wanted, TlsProfile profile, int most) throws GeneralSecurityException {
    engine = choose(wanted);
    this.profile = profile;
    names = new TlsCache(most, this::make);
    nobody = make(new NamedTls.Which("", profile, true));
    SSLContext jdk = SSLContext.getInstance("TLS");
    jdk.init(null, null, null);
    SSLSession none = jdk.createSSLEngine().getSession();
    context = new EngineContext(jdk, () -> new ChosenEngine(this::choose, none));
  }

  private static TlsEngine choose(TlsEngine wanted) throws GeneralSecurityException {
    return switch (wanted) {
      case JDK -> TlsEngine.JDK;
      case AUTO -> OpenSsl.isAvailable() ? TlsEngine.BORINGSSL : TlsEngine.JDK;
      case BORINGSSL -> {
        if (!OpenSsl.isAvailable()) {
          throw new GeneralSecurityException(
              "BoringSSL cannot be loaded here", OpenSsl.unavailabilityCause());
        }
        yield TlsEngine.BORINGSSL;
      }
    };
  }

  private NamedTls make(NamedTls.Which which) throws GeneralSecurityException {
    SniKeys keys = new SniKeys(tables::get, which);
    return engine == TlsEngine.BORINGSSL ? new BoringSslTls(which, keys) : new JdkTls(which, keys);
  }

  /** What Undertow's HTTPS listeners take. */
  public SSLContext context() {
    return context;
  }

  /** Which engine it is: never AUTO. */
  public TlsEngine engine() {
    return engine;
  }

  /** Handshakes refused because no certificate is for their server name. */
  public long unrecognizedNames() {
    return unrecognizedNames.get();
  }

  /** Names for which what a handshake needs is kept now. */
  public int names() {
    return names.size();
  }

  /**
   * Puts these certificates in force for every handshake from now on; costs what is not as it was.
   *
   * @param certificates by id
   * @throws GeneralSecurityException when one of them cannot be loaded: nothing changes
   */
  public synchronized void swap(HashTrie<CertificateConfig> certificates)
      throws GeneralSecurityException {
    CertificateTable before = tables.get().getFirst();
    CertificateTable next = before.with(certificates);
    if (next != before) {
      tables.set(List.of(next, before));
    }
  }

  /**
   * Session tickets are made with the first of these keys and read with all, in every handshake
   * from now on; the JDK's engine has keys of its own.
   */
  public void tickets(List<TicketKey> keys) {
    names.tickets(keys);
  }

  private SSLEngine choose(ClientHello.Peeked first) throws SSLException {
    Optional<NamedTls.Which> which =
        switch (first) {
          case ClientHello.Whole(ClientHello hello) -> which(hello);
          case ClientHello.Partial partial -> Optional.empty();
          case ClientHello.Other other -> Optional.empty();
        };
    if (which.isEmpty()) {
      return nobody.engine(); // it knows how to refuse
    }
    try {
      return names.engine(which.get());
    } catch (GeneralSecurityException e) {
      throw new SSLException("no engine for " + which.get().serverName(), e);
    }
  }

  private Optional<NamedTls.Which> which(ClientHello hello) {
    if (hello.serverName().isEmpty()) {
      return Optional.empty();
    }
    String name = hello.serverName().get();
    CertificateTable table = tables.get().getFirst();
    if (!table.covers(name)) {
      unrecognizedNames.incrementAndGet();
      return Optional.empty();
    }
    boolean ecdsa =
        table.find(name, "EC").filter(entry -> hello.takesEcdsa(entry.curveBits())).isPresent();
    return Optional.of(new NamedTls.Which(name, profile, ecdsa));
  }
}
