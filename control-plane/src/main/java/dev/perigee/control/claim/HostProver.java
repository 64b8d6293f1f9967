package dev.perigee.control.claim;

import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.control.store.HostClaim;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import javax.naming.NamingException;

/**
 * Looks whether who holds a token controls a host: by DNS, and for one that is no wildcard HTTP.
 */
public final class HostProver {
  /** In front of the host, or of what a wildcard stands below. */
  private static final String LABEL = "_perigee-challenge.";

  /** Looks under way at one time: each may take some seconds, and leads where others say. */
  private static final int AT_ONCE = 8;

  /** Of those, for one organisation. */
  private static final int AT_ONCE_OF_ONE = 2;

  private final DnsTexts texts;
  private final HttpToken http;
  private final List<String> looking = new ArrayList<>();

  /** Where a name leads. */
  public interface Addresses {
    List<InetAddress> of(String host) throws UnknownHostException;
  }

  /**
   * A prover.
   *
   * @param resolver as {@code dns://192.0.2.53:53}; {@code dns:} for those of the system
   * @param policy which addresses may be asked by HTTP
   * @param port of HTTP: 80
   */
  public HostProver(
      String resolver,
      Addresses addresses,
      OriginAddressPolicy policy,
      int port,
      LongSupplier nanos) {
    this.texts = new DnsTexts(resolver);
    this.http = new HttpToken(addresses, policy, port, nanos);
  }

  /** The answer to a look. */
  public sealed interface Found {
    /** The token is there. */
    record Proved(HostClaim.Proof proof) implements Found {}

    /** It is not, and a sentence says what is. */
    record Missing(String sentence) implements Found {}

    /** Too many look at this moment. */
    record Busy() implements Found {}
  }

  /** The name whose TXT record is to be the token. */
  public static String recordName(String host) {
    return LABEL + base(host);
  }

  /**
   * What is to be the answer at the URL. The URL does not hold it, so a host that repeats parts of
   * a path in its answers proves nothing: as in RFC 8555, section 8.3.
   */
  public static String content(String organisation, String token) {
    return token + "." + organisation;
  }

  /**
   * The URL that is to answer with the content; empty for a wildcard, which only the DNS proves.
   */
  public static Optional<String> url(String host, String token) {
    return host.startsWith("*.")
        ? Optional.empty()
        : Optional.of("http://" + host + HttpToken.PATH + token);
  }

  /** Looks for an organisation; takes some seconds at most. */
  public Found look(String organisation, String host, String token) {
    if (!begins(organisation)) {
      return new Found.Busy();
    }
    try {
      return found(host, token, content(organisation, token));
    } finally {
      ends(organisation);
    }
  }

  private boolean begins(String organisation) {
    synchronized (looking) {
      return looking.size() < AT_ONCE
          && Collections.frequency(looking, organisation) < AT_ONCE_OF_ONE
          && looking.add(organisation);
    }
  }

  private void ends(String organisation) {
    synchronized (looking) {
      looking.remove(organisation);
    }
  }

  private Found found(String host, String token, String content) {
    Optional<String> dns = dnsLacks(host, token);
    if (dns.isEmpty()) {
      return new Found.Proved(HostClaim.Proof.DNS);
    }
    if (host.startsWith("*.")) {
      return new Found.Missing(dns.get());
    }
    Optional<String> web = http.lacks(host, token, content);
    return web.isEmpty()
        ? new Found.Proved(HostClaim.Proof.HTTP)
        : new Found.Missing(dns.get() + "; " + host + " " + web.get());
  }

  private Optional<String> dnsLacks(String host, String token) {
    String name = recordName(host);
    try {
      List<String> found = texts.of(name);
      if (found.contains(token)) {
        return Optional.empty();
      }
      String what = found.isEmpty() ? " has no TXT record" : " has another TXT record";
      return Optional.of(name + what);
    } catch (NamingException e) {
      return Optional.of("the DNS does not answer for " + name);
    }
  }

  private static String base(String host) {
    return host.startsWith("*.") ? host.substring(2) : host;
  }
}
