package dev.perigee.edge.request;

import java.util.OptionalLong;

/** Where the client of one request is; found out when it is first asked for, and then kept. */
public interface ClientPlace {
  /** In place of a country that is not known: Unicode's "unknown region". */
  String UNKNOWN = "ZZ";

  /** ISO 3166-1 alpha-2, upper case; {@link #UNKNOWN} where it is not known. */
  String country();

  /** Number of the autonomous system (RFC 6793); empty where it is not known. */
  OptionalLong system();
}
