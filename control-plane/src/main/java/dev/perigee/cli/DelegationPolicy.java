package dev.perigee.cli;

import dev.perigee.cli.Delegation.Finding;
import dev.perigee.cli.Delegation.Served;
import dev.perigee.contract.Bytes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Whether what a parent says of a zone fits what the zone's servers say.
 *
 * @param zone normalised
 * @param expected addresses of name servers as they are meant to be, by name; empty where nobody
 *     says
 * @param tolerance serials by which servers may differ, as changes reach them one after the other
 */
record DelegationPolicy(String zone, Map<String, NavigableSet<String>> expected, long tolerance) {
  private static final int DS_HEAD = 4;

  /** All that is found. */
  List<Finding> judge(Delegation parent, List<Served> served) {
    List<Finding> found = new ArrayList<>();
    if (!served.isEmpty()) {
      found.add(servers(parent, served));
    }
    parent.servers().forEach(name -> found.addAll(glue(name, parent, served)));
    if (!served.isEmpty()) {
      found.add(serials(served));
      found.addAll(keys(parent, served));
    }
    return found;
  }

  /** The set of servers: the parent's, each server's own, and what was meant. */
  private Finding servers(Delegation parent, List<Served> served) {
    String about = "name servers";
    for (Served one : served) {
      if (!one.servers().equals(parent.servers())) {
        return Finding.error(
            about,
            "the parent has %s, %s says %s"
                .formatted(names(parent.servers()), at(one), names(one.servers())),
            "give the registrar the same names as --dns-ns has on every control plane");
      }
    }
    if (!expected.isEmpty() && !expected.keySet().equals(parent.servers())) {
      return Finding.error(
          about,
          "the parent has %s, meant are %s"
              .formatted(names(parent.servers()), names(new TreeSet<>(expected.keySet()))),
          "give the registrar the names that are meant, and --dns-ns too");
    }
    return Finding.ok(about, names(parent.servers()) + " at the parent and in the zone");
  }

  private List<Finding> glue(String name, Delegation parent, List<Served> served) {
    if (!name.equals(zone) && !name.endsWith("." + zone)) {
      return List.of();
    }
    List<Finding> found = new ArrayList<>();
    String about = "addresses of " + name;
    NavigableSet<String> glue = parent.glue().getOrDefault(name, new TreeSet<>());
    if (glue.isEmpty()) {
      found.add(
          Finding.error(
              about,
              "the parent has none, and the name lies in the zone itself",
              "give the registrar the addresses with the name (glue)"));
      return found;
    }
    NavigableSet<String> own = expected.getOrDefault(name, new TreeSet<>());
    String whose = "meant are";
    for (Served one : served) {
      if (own.isEmpty() || own.equals(glue)) {
        NavigableSet<String> told = one.addresses().getOrDefault(name, new TreeSet<>());
        own = told.isEmpty() ? own : told;
        whose = at(one) + " says";
      }
    }
    found.add(
        own.isEmpty() || own.equals(glue)
            ? Finding.ok(about, names(glue))
            : Finding.error(
                about,
                "the parent has %s, %s %s".formatted(names(glue), whose, names(own)),
                "give the registrar and --dns-ns the same addresses"));
    return found;
  }

  private Finding serials(List<Served> served) {
    Served least = served.getFirst();
    Served most = served.getFirst();
    for (Served one : served) {
      // Serials go round (RFC 1982): what counts is the way from one to the other.
      least = (int) (one.serial() - least.serial()) < 0 ? one : least;
      most = (int) (one.serial() - most.serial()) > 0 ? one : most;
    }
    long apart = (int) (most.serial() - least.serial());
    if (apart > tolerance) {
      return Finding.error(
          "serial",
          "%s has %d, %s %d".formatted(at(most), most.serial(), at(least), least.serial()),
          "see whether %s reaches its database; --serials %d would let it pass"
              .formatted(least.name(), apart));
    }
    return Finding.ok(
        "serial",
        apart == 0 ? "" + most.serial() : "%d to %d".formatted(least.serial(), most.serial()));
  }

  private List<Finding> keys(Delegation parent, List<Served> served) {
    List<Finding> found = new ArrayList<>();
    Served one = served.getFirst();
    for (Served other : served) {
      if (!Set.copyOf(other.keys()).equals(Set.copyOf(one.keys()))) {
        found.add(
            Finding.error(
                "keys",
                "%s and %s have different ones".formatted(at(one), at(other)),
                "see whether both reach the same database"));
        return found;
      }
    }
    if (parent.keys().isEmpty()) {
      found.add(
          one.keys().isEmpty()
              ? Finding.ok("keys", "the zone is not signed, and the parent has no DS")
              : Finding.warning(
                  "keys",
                  "the zone is signed, and the parent has no DS: nobody validates it",
                  "give the registrar what perigee dns ds shows, once it may be"));
      return found;
    }
    Map<Bytes, String> fitting = new TreeMap<>((a, b) -> Arrays.compare(a.toArray(), b.toArray()));
    for (Bytes ds : parent.keys()) {
      one.keys().stream()
          .filter(key -> fits(ds.toArray(), key.toArray()))
          .findFirst()
          .ifPresent(key -> fitting.put(ds, "" + tag(key.toArray())));
    }
    if (fitting.isEmpty()) {
      found.add(
          Finding.error(
              "keys",
              "no DS at the parent (%s) fits a key of the zone (%s): who validates gets SERVFAIL"
                  .formatted(tags(parent), keyTags(one)),
              "give the registrar what perigee dns ds shows in place of what is there"));
      return found;
    }
    found.add(Finding.ok("keys", "the DS of key " + String.join(", ", fitting.values()) + " fits"));
    for (Bytes ds : parent.keys()) {
      if (!fitting.containsKey(ds)) {
        found.add(
            Finding.warning(
                "keys",
                "the parent has a DS of key %d that fits none of the zone's"
                    .formatted(u16(ds.toArray(), 0)),
                "have the registrar take it out, unless that key is to come"));
      }
    }
    return found;
  }

  private static String tags(Delegation parent) {
    return names(
        parent.keys().stream()
            .map(ds -> "" + u16(ds.toArray(), 0))
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  private static String keyTags(Served one) {
    return names(
        one.keys().stream()
            .map(key -> "" + tag(key.toArray()))
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  /** Whether a DS is that of a key (RFC 4034, section 5.1.4). */
  private boolean fits(byte[] ds, byte[] key) {
    if (ds.length <= DS_HEAD
        || key.length <= DS_HEAD
        || u16(ds, 0) != tag(key)
        || ds[2] != key[3]) {
      return false;
    }
    String algorithm =
        switch (ds[3]) {
          case 1 -> "SHA-1";
          case 2 -> "SHA-256";
          case 4 -> "SHA-384";
          default -> "";
        };
    if (algorithm.isEmpty()) {
      return false;
    }
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      digest.update(DnsReply.wire(zone));
      return Arrays.equals(digest.digest(key), Arrays.copyOfRange(ds, DS_HEAD, ds.length));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has " + algorithm, e);
    }
  }

  /** The tag of a DNSKEY (RFC 4034, appendix B). */
  private static int tag(byte[] key) {
    int sum = 0;
    for (int i = 0; i < key.length; i++) {
      sum += (key[i] & 0xff) << (i % 2 == 0 ? 8 : 0);
    }
    return (sum + (sum >> 16)) & 0xffff;
  }

  private static int u16(byte[] octets, int at) {
    return octets.length < at + 2 ? -1 : (octets[at] & 0xff) << 8 | (octets[at + 1] & 0xff);
  }

  private static String at(Served one) {
    return String.format(Locale.ROOT, "%s (%s)", one.name(), one.address());
  }

  private static String names(NavigableSet<String> all) {
    return all.isEmpty() ? "none" : String.join(", ", all);
  }
}
