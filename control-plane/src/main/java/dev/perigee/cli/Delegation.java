package dev.perigee.cli;

import dev.perigee.contract.Bytes;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the servers of a zone's parent say of it.
 *
 * @param servers names of the zone's name servers
 * @param glue addresses of those, where the parent tells any
 * @param keys the data of DS records
 */
record Delegation(
    NavigableSet<String> servers,
    NavigableMap<String, NavigableSet<String>> glue,
    Set<Bytes> keys) {
  /** Copies the collections. */
  Delegation {
    servers = new TreeSet<>(servers);
    glue = new TreeMap<>(glue);
    keys = Set.copyOf(keys);
  }

  /**
   * How well something is.
   *
   * @param about what it is about
   * @param says what was found
   * @param todo what to do; empty where there is nothing to do
   */
  record Finding(Level level, String about, String says, String todo) {
    static Finding ok(String about, String says) {
      return new Finding(Level.OK, about, says, "");
    }

    static Finding warning(String about, String says, String todo) {
      return new Finding(Level.WARNING, about, says, todo);
    }

    static Finding error(String about, String says, String todo) {
      return new Finding(Level.ERROR, about, says, todo);
    }
  }

  /** How bad a finding is. */
  enum Level {
    /** As it should be. */
    OK,
    /** Readers come through, but not as they should. */
    WARNING,
    /** Some readers do not come through. */
    ERROR
  }

  /**
   * What a name server of the zone said of it.
   *
   * @param name of the server
   * @param address at which it was asked
   * @param serial of its SOA
   * @param servers names of the zone's servers
   * @param addresses of those among them that have their names in the zone
   * @param keys the data of DNSKEY records
   */
  record Served(
      String name,
      String address,
      long serial,
      NavigableSet<String> servers,
      NavigableMap<String, NavigableSet<String>> addresses,
      List<Bytes> keys) {
    /** Copies the collections. */
    Served {
      servers = new TreeSet<>(servers);
      addresses = new TreeMap<>(addresses);
      keys = List.copyOf(keys);
    }
  }
}
