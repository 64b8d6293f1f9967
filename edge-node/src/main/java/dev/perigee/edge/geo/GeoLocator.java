package dev.perigee.edge.geo;

import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.GeoKind;
import dev.perigee.edge.request.ClientPlace;
import java.net.InetAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Where addresses are, by the databases in force. Read by all I/O threads; one writer swaps a
 * database whole.
 */
public final class GeoLocator {
  private volatile Map<GeoKind, GeoRecords> databases = Map.of();

  /** The place of a client, looked up when it is first asked for; belongs to one request. */
  public ClientPlace place(String client) {
    return new Place(client);
  }

  /** The database of a kind that serves. */
  public Optional<GeoHolding> holding(GeoKind kind) {
    return Optional.ofNullable(databases.get(kind)).map(GeoRecords::holding);
  }

  /** Puts a database in force; called by one thread at a time. */
  void swap(GeoRecords fresh) {
    Map<GeoKind, GeoRecords> next = new EnumMap<>(GeoKind.class);
    next.putAll(databases);
    next.put(fresh.kind(), fresh);
    databases = next;
  }

  /** Nothing of this kind is in force any more; called by the thread that swaps. */
  void drop(GeoKind kind) {
    Map<GeoKind, GeoRecords> next = new EnumMap<>(GeoKind.class);
    next.putAll(databases);
    next.remove(kind);
    databases = next;
  }

  private Optional<String> country(String client) {
    Map<GeoKind, GeoRecords> now = databases;
    Optional<InetAddress> address = address(client);
    return country(now.get(GeoKind.OVERRIDE), address)
        .or(() -> country(now.get(GeoKind.CITY), address));
  }

  private static Optional<String> country(
      @Nullable GeoRecords records, Optional<InetAddress> address) {
    return records == null ? Optional.empty() : address.flatMap(records::country);
  }

  private OptionalLong system(String client) {
    GeoRecords records = databases.get(GeoKind.ASN);
    return records == null
        ? OptionalLong.empty()
        : address(client).map(records::system).orElseGet(OptionalLong::empty);
  }

  private static Optional<InetAddress> address(String literal) {
    try {
      return Optional.of(InetAddress.ofLiteral(literal));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // an address of a scope that is gone
    }
  }

  private final class Place implements ClientPlace {
    private final String client;
    private @Nullable String country;
    private @Nullable OptionalLong system;

    Place(String client) {
      this.client = client;
    }

    @Override
    public String country() {
      String known = country;
      if (known == null) {
        known = GeoLocator.this.country(client).orElse(UNKNOWN);
        country = known;
      }
      return known;
    }

    @Override
    public OptionalLong system() {
      OptionalLong known = system;
      if (known == null) {
        known = GeoLocator.this.system(client);
        system = known;
      }
      return known;
    }
  }
}
