package dev.perigee.edge.listener.tls;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.TicketKey;
import dev.perigee.edge.request.CertificateTerms;
import dev.perigee.edge.table.HashTrie;
import io.netty.handler.ssl.OpenSsl;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
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
  private final AtomicLong refusedReaders = new AtomicLong();
  private final TlsEngine engine;
  private final TlsProfile profile;
  private final Readers readers;
  private final TlsCache names;
  private final NamedTls nobody;
  private final SSLContext context;

  /**
   * Who asks readers for certificates.
   *
   * @param terms those of the site that a server name belongs to; empty where it asks for none
   * @param clock which says whether a certificate is over
   */
  public record Readers(Function<String, Optional<CertificateTerms>> terms, InstantSource clock) {
    /** Nobody does. */
    public static final Readers UNASKED =
        new Readers(name -> Optional.empty(), InstantSource.fixed(Instant.EPOCH));
  }

  /** With the usual profile and number of names. */
  public ServerTls(TlsEngine wanted) throws GeneralSecurityException {
    this(wanted, TlsProfile.INTERMEDIATE, NAMES, Readers.UNASKED);
  }

  /**
   * Chooses the engine; there is no certificate yet.
   *
   * @param most names for which what a handshake needs is kept
   * @throws GeneralSecurityException when the engine asked for cannot be had
   */
  public ServerTls(TlsEngine wanted, TlsProfile profile, int most, Readers readers)
      throws GeneralSecurityException {
    this.readers = readers;
    engine = choose(wanted);
    this.profile = profile;
    names = new TlsCache(most, this::make);
    nobody = make(new NamedTls.Which("", profile, true, Optional.empty()));
    SSLContext jdk = SSLContext.getInstance("TLS");
    jdk.init(null, null, null);
    SSLSession none = jdk.createSSLEngine().getSession();
    context =
        new EngineContext(
            jdk, () -> new ChosenEngine(this::choose, none, refusedReaders::incrementAndGet));
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
    return engine == TlsEngine.BORINGSSL
        ? new BoringSslTls(which, keys, readers.clock())
        : new JdkTls(which, keys, readers.clock());
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

  /** Handshakes that failed for names whose readers are asked for certificates. */
  public long refusedReaders() {
    return refusedReaders.get();
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

  private NamedTls.Made choose(ClientHello.Peeked first) throws SSLException {
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
    return Optional.of(new NamedTls.Which(name, profile, ecdsa, readers.terms().apply(name)));
  }
}
