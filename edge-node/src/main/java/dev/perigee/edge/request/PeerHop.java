package dev.perigee.edge.request;

import dev.perigee.contract.HostName;
import dev.perigee.contract.SiteValidator;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a node says of a request that it passes to another node of ours, in a field of its own. It
 * is believed on the peer port alone, where only nodes come in; from everybody else the field is
 * dropped.
 *
 * @param tier as what the other one is asked
 * @param purge the answer must respect every purge up to here
 * @param site the site's id
 * @param keyHost the host under which the request is keyed and fetched
 * @param client the reader's address as text
 * @param proxies addresses of the trusted proxies between the reader and the first node, the
 *     reader's neighbour first
 * @param scheme of the reader's connection, http or https
 * @param port of the reader's authority
 * @param path names of the nodes it has passed, the one that asks last; at least one
 * @param certificate SHA-256 of what Client-Cert says beside it, in hexadecimal; empty where that
 *     is no word of this network
 */
public record PeerHop(
    PeerTier tier,
    PurgePosition purge,
    String site,
    String keyHost,
    String client,
    List<String> proxies,
    String scheme,
    int port,
    List<String> path,
    Optional<String> certificate) {
  /** The field. */
  public static final String FIELD = "Perigee-Peer";

  /** Bytes that the field may add to a request's head. */
  public static final int MAX_LENGTH = 2048;

  private static final Pattern TEXT =
      Pattern.compile(
          "tier=([a-z]+); log=([A-Za-z0-9-]{0,64}); purge=([0-9]{1,15}); site=([a-z0-9-]{1,63});"
              + " host=([^ ;,\"]{1,255}); client=([0-9A-Za-z:.%_-]{1,80});"
              + " proxies=((?:[0-9A-Za-z:.%_-]{1,56}(?:,[0-9A-Za-z:.%_-]{1,56}){0,15})?);"
              + " scheme=(https?); port=([0-9]{1,5});"
              + " path=([a-z0-9-]{1,63}(?:,[a-z0-9-]{1,63}){0,7})(?:; cert=([0-9a-f]{64}))?");
  private static final int MAX_PORT = 65_535;

  /** Copies the lists. */
  public PeerHop {
    proxies = List.copyOf(proxies);
    path = List.copyOf(path);
  }

  /** What a node says of a reader whose certificate it does not know. */
  public PeerHop(
      PeerTier tier,
      PurgePosition purge,
      String site,
      String keyHost,
      String client,
      List<String> proxies,
      String scheme,
      int port,
      List<String> path) {
    this(tier, purge, site, keyHost, client, proxies, scheme, port, path, Optional.empty());
  }

  /** The same with the word for what Client-Cert says. */
  public PeerHop certifying(Optional<String> clientCert) {
    return new PeerHop(
        tier,
        purge,
        site,
        keyHost,
        client,
        proxies,
        scheme,
        port,
        path,
        clientCert.map(PeerHop::digest));
  }

  /**
   * Whether what Client-Cert says beside this is the word of a node: one of a build before this one
   * lets pass whatever its reader says there.
   */
  public boolean vouchesFor(Optional<String> clientCert) {
    return certificate.isPresent() && clientCert.map(PeerHop::digest).equals(certificate);
  }

  private static String digest(String clientCert) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(clientCert.getBytes(StandardCharsets.ISO_8859_1));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The node that asks. */
  public String asker() {
    return path.getLast();
  }

  /** Reads the field; empty where it is not exactly what {@link #toText} writes. */
  public static Optional<PeerHop> parse(String text) {
    Matcher parts = TEXT.matcher(text);
    if (text.length() > MAX_LENGTH || !parts.matches()) {
      return Optional.empty();
    }
    Optional<PeerTier> tier = PeerTier.of(parts.group(1));
    String host = parts.group(5);
    int port = Integer.parseInt(parts.group(9));
    List<String> path = listed(parts.group(10));
    boolean sound =
        tier.isPresent()
            && HostName.normalise(host).filter(host::equals).isPresent()
            && SiteValidator.isLabel(parts.group(4))
            && path.stream().allMatch(SiteValidator::isLabel)
            && port >= 1
            && port <= MAX_PORT;
    return sound
        ? Optional.of(
            new PeerHop(
                tier.get(),
                new PurgePosition(parts.group(2), Long.parseLong(parts.group(3))),
                parts.group(4),
                host,
                parts.group(6),
                listed(parts.group(7)),
                parts.group(8),
                port,
                path,
                Optional.ofNullable(parts.group(11))))
        : Optional.empty();
  }

  private static List<String> listed(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split(",", -1));
  }

  /** As it stands on the wire. */
  public String toText() {
    return "tier="
        + tier.word()
        + "; log="
        + purge.logId()
        + "; purge="
        + purge.number()
        + "; site="
        + site
        + "; host="
        + keyHost
        + "; client="
        + client
        + "; proxies="
        + String.join(",", proxies)
        + "; scheme="
        + scheme
        + "; port="
        + port
        + "; path="
        + String.join(",", path)
        + certificate.map(digest -> "; cert=" + digest).orElse("");
  }
}
