package dev.perigee.edge.listener;

import dev.perigee.contract.AddressRange;
import dev.perigee.edge.request.Fields;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Decides whose request it is. Where the peer is a trusted proxy it is the rightmost address in the
 * proxies' field that is not one of a trusted proxy; everybody else is the client itself, whatever
 * its fields say.
 *
 * <p>One field is believed, the one that the operator's proxies write: the other is passed through
 * by most proxies as the client sent it, so believing either would be believing the client. Reading
 * ends at the first thing from the right that is no address; what stands left of it, or of the
 * client, nobody vouches for.
 *
 * @param trusted addresses of the operator's proxies
 * @param field which field they write
 * @param proxyProtocol schemes of the listeners on which they begin connections with the PROXY
 *     protocol
 */
public record ClientPolicy(
    List<AddressRange> trusted, ProxyField field, Set<String> proxyProtocol) {
  /** Nobody stands before the node. */
  public static final ClientPolicy DIRECT = new ClientPolicy(List.of(), ProxyField.X_FORWARDED_FOR);

  /** Proxies in a row that are looked at. */
  static final int MAX_PROXIES = 16;

  /** Copies the list. */
  public ClientPolicy {
    trusted = List.copyOf(trusted);
    proxyProtocol = Set.copyOf(proxyProtocol);
  }

  /** Proxies that speak HTTP only. */
  public ClientPolicy(List<AddressRange> trusted, ProxyField field) {
    this(trusted, field, Set.of());
  }

  /** The field in which proxies tell of their clients. */
  public enum ProxyField {
    X_FORWARDED_FOR("X-Forwarded-For"),
    FORWARDED("Forwarded");

    private final String fieldName;

    ProxyField(String fieldName) {
      this.fieldName = fieldName;
    }

    public String fieldName() {
      return fieldName;
    }

    /** As an option's value. */
    public String word() {
      return fieldName.toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Whose request it is.
   *
   * @param address the client's, as text
   * @param proxies the trusted proxies between, the client's neighbour first
   * @param scheme of the client's own connection, where a trusted proxy tells
   * @param isVouchedFor whether the peer is a trusted proxy
   */
  record Client(
      String address, List<String> proxies, Optional<String> scheme, boolean isVouchedFor) {
    /** Copies the list. */
    Client {
      proxies = List.copyOf(proxies);
    }
  }

  boolean trusts(InetAddress address) {
    for (AddressRange range : trusted) {
      if (range.holds(address)) {
        return true;
      }
    }
    return false;
  }

  /** Decides by the connection's other end and the request's fields. */
  Client decide(InetAddress peer, Fields fields) {
    String nearest = AddressRange.text(peer);
    if (!trusts(peer)) {
      return new Client(nearest, List.of(), Optional.empty(), false);
    }
    List<String> path = new ArrayList<>(List.of(nearest));
    Optional<String> scheme = Optional.empty();
    for (Told one : told(fields)) {
      path.add(AddressRange.text(one.address()));
      scheme = one.scheme();
      if (!trusts(one.address())) {
        break;
      }
    }
    // Where only proxies are told of, the farthest of them speaks for itself.
    String client = path.removeLast();
    return new Client(client, path.reversed(), scheme.or(() -> proto(fields)), true);
  }

  /** One address that a proxy tells of, and the scheme on which it came. */
  private record Told(InetAddress address, Optional<String> scheme) {}

  /** From the right to the left, up to the first that is no address. */
  private List<Told> told(Fields fields) {
    List<Told> found = new ArrayList<>();
    List<String> lines = fields.all(field.fieldName());
    for (int i = lines.size() - 1; i >= 0; i--) {
      boolean whole =
          switch (field) {
            case X_FORWARDED_FOR -> addresses(lines.get(i), found);
            case FORWARDED -> elements(lines.get(i), found);
          };
      if (!whole) {
        break;
      }
    }
    return found;
  }

  private static boolean addresses(String line, List<Told> found) {
    String[] parts = line.split(",", -1);
    for (int i = parts.length - 1; i >= 0; i--) {
      Optional<InetAddress> address = NodeAddress.parse(parts[i].strip(), true);
      if (address.isEmpty() || found.size() == MAX_PROXIES) {
        return false;
      }
      found.add(new Told(address.get(), Optional.empty()));
    }
    return true;
  }

  private static boolean elements(String line, List<Told> found) {
    List<Map<String, String>> elements = ForwardedLine.parse(line).orElse(List.of());
    for (Map<String, String> element : elements.reversed()) {
      Optional<InetAddress> address =
          Optional.ofNullable(element.get("for")).flatMap(node -> NodeAddress.parse(node, false));
      if (address.isEmpty() || found.size() == MAX_PROXIES) {
        return false;
      }
      found.add(
          new Told(
              address.get(),
              Optional.ofNullable(element.get("proto")).flatMap(ClientPolicy::scheme)));
    }
    return !elements.isEmpty();
  }

  private Optional<String> proto(Fields fields) {
    List<String> values = fields.all("X-Forwarded-Proto");
    return field == ProxyField.X_FORWARDED_FOR && values.size() == 1
        ? scheme(values.getFirst())
        : Optional.empty();
  }

  private static Optional<String> scheme(String text) {
    String lower = text.strip().toLowerCase(Locale.ROOT);
    return lower.equals("http") || lower.equals("https") ? Optional.of(lower) : Optional.empty();
  }
}
