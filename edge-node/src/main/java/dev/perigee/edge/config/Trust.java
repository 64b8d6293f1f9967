package dev.perigee.edge.config;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.TrustCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whom the node trusts: the edge CAs that the control plane named last, and the certificates of
 * theirs that it refuses all the same. Kept on its disk; until anything was said it trusts the CA
 * that it enrolled with.
 */
public final class Trust {
  private static final Logger LOG = LoggerFactory.getLogger(Trust.class);

  /** Certificates whose issuer is known: as many nodes as a network has, and more. */
  private static final int MOST_SEEN = 20_000;

  private final Optional<Path> file;
  private volatile Known known;

  /**
   * What was said; nothing where there are no authorities.
   *
   * @param issuers of certificates that were looked at: asked for with each request of a node
   */
  private record Known(
      List<X509Certificate> authorities,
      List<String> prints,
      Set<String> refused,
      Map<X509Certificate, Optional<X509Certificate>> issuers) {
    private static Known nothing() {
      return new Known(List.of(), List.of(), Set.of(), new ConcurrentHashMap<>());
    }

    Known {
      authorities = List.copyOf(authorities);
      prints = List.copyOf(prints);
      refused = Set.copyOf(refused);
    }

    static Known of(FromControl.Trust said) throws GeneralSecurityException {
      List<X509Certificate> authorities = new ArrayList<>();
      List<String> prints = new ArrayList<>();
      for (Bytes der : said.authorities()) {
        X509Certificate one = Identity.parse(der.toArray());
        authorities.add(one);
        prints.add(PinnedTrust.fingerprint(one));
      }
      return new Known(authorities, prints, Set.copyOf(said.revoked()), new ConcurrentHashMap<>());
    }
  }

  private Trust(Optional<Path> file, Known known) {
    this.file = file;
    this.known = known;
  }

  /** Trusts whom the node enrolled with, and keeps nothing. */
  public static Trust unsaid() {
    return new Trust(Optional.empty(), Known.nothing());
  }

  /** What was said last, as a file has it; what cannot be read counts as not said. */
  static Trust open(Path file) {
    Known known = Known.nothing();
    try {
      if (Files.exists(file)) {
        known = Known.of(TrustCodec.of(Files.readAllBytes(file)));
      }
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      LOG.warn("{} cannot be read: the control plane says anew whom to trust", file, e);
    }
    return new Trust(Optional.of(file), known);
  }

  /**
   * The control plane has said whom to trust; on disk, synced, and in force when this returns.
   * Where it throws it is in force all the same.
   *
   * @return fingerprints of the authorities
   * @throws IllegalArgumentException where it says what is no certificate
   */
  public List<String> take(FromControl.Trust said) throws IOException {
    Known now;
    try {
      now = Known.of(said);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("an edge CA that is no certificate", e);
    }
    known = now;
    byte[] bytes = TrustCodec.toBytes(said);
    if (file.isPresent() && !isKept(file.get(), bytes)) {
      StateFile.replace(file.get(), bytes);
    }
    return now.prints();
  }

  /** Each new stream says it again: nothing is written for that. */
  private static boolean isKept(Path file, byte[] bytes) throws IOException {
    return Files.exists(file) && Arrays.equals(Files.readAllBytes(file), bytes);
  }

  /** Trusts this authority and nobody else, as of an enrolment with it. */
  void begin(List<X509Certificate> authorities) throws IOException, GeneralSecurityException {
    List<Bytes> der = new ArrayList<>();
    for (X509Certificate one : authorities) {
      der.add(Bytes.copyOf(one.getEncoded()));
    }
    var _ = take(new FromControl.Trust(der, List.of()));
  }

  /** The authorities; where none was named, that of {@code own}. */
  List<X509Certificate> authorities(Identity own) {
    List<X509Certificate> all = known.authorities();
    return all.isEmpty() ? List.of(own.ca()) : all;
  }

  /** Their fingerprints. */
  Set<String> fingerprints(Identity own) throws GeneralSecurityException {
    List<String> all = known.prints();
    return all.isEmpty() ? Set.of(PinnedTrust.fingerprint(own.ca())) : Set.copyOf(all);
  }

  /** Whether a certificate is refused though an authority signed it. */
  boolean isRefused(X509Certificate leaf) {
    return known.refused().contains(leaf.getSerialNumber().toString(16));
  }

  /** The one of the trusted authorities that signed a certificate. */
  Optional<X509Certificate> issuer(X509Certificate leaf, Identity own) {
    Map<X509Certificate, Optional<X509Certificate>> seen = known.issuers();
    Optional<X509Certificate> before = seen.get(leaf);
    if (before != null) {
      return before;
    }
    Optional<X509Certificate> found = find(leaf, authorities(own));
    if (found.isPresent() && seen.size() < MOST_SEEN) {
      seen.put(leaf, found);
    }
    return found;
  }

  private static Optional<X509Certificate> find(
      X509Certificate leaf, List<X509Certificate> authorities) {
    for (X509Certificate one : authorities) {
      try {
        leaf.verify(one.getPublicKey());
        return Optional.of(one);
      } catch (GeneralSecurityException e) {
        LOG.trace("another one's", e);
      }
    }
    return Optional.empty();
  }

  /** Whether another authority than that of {@code own} signs now: then it is to be renewed. */
  boolean isSuperseded(Identity own) {
    List<X509Certificate> all = known.authorities();
    return !all.isEmpty() && !all.getFirst().equals(own.ca());
  }

  @Override
  public String toString() {
    return known.prints().stream().collect(Collectors.joining(",", "Trust[", "]"));
  }
}
