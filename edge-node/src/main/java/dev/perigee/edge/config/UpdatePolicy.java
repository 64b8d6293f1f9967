package dev.perigee.edge.config;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl.Update;
import dev.perigee.contract.FromEdge.Refusal;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.PeerValidator;
import dev.perigee.contract.Problem;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SiteValidator;
import dev.perigee.edge.table.HashTrie;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides what of a whole update comes into force: each site, certificate and node by itself. Looks
 * at what the update brings, not at all that is in force.
 */
public final class UpdatePolicy {
  private UpdatePolicy() {}

  /**
   * The state after the update.
   *
   * @param logId the log in which the update counts
   */
  public static Applied apply(ConfigState current, String logId, Update update) {
    if (update.revision() <= 0) {
      return rejected(update, "The revision is not a positive number.");
    }
    if (!update.isSnapshot() && update.fromRevision() != current.revisionIn(logId)) {
      return rejected(
          update,
          "The delta begins at revision "
              + update.fromRevision()
              + ", the node is at "
              + current.revisionIn(logId)
              + ".");
    }
    List<Refusal> refusals = new ArrayList<>();
    HashTrie<SiteConfig> sites =
        taken(
            remaining(
                current.sites(), update, update.sites(), SiteConfig::id, update.removedSites()),
            current.sites(),
            update.sites(),
            SiteConfig::id,
            site -> sentences(SiteValidator.problems(site)),
            UpdatePolicy::letsNobodyMoreIn,
            refusals);
    HashTrie<CertificateConfig> certificates =
        taken(
            remaining(
                current.certificates(),
                update,
                update.certificates(),
                CertificateConfig::id,
                update.removedCertificates()),
            current.certificates(),
            update.certificates(),
            CertificateConfig::id,
            fresh -> problem(current.certificates().find(fresh.id()), fresh),
            (last, fresh) -> true,
            refusals);
    HashTrie<PeerConfig> peers =
        taken(
            remaining(
                current.peers(), update, update.peers(), PeerConfig::name, update.removedPeers()),
            current.peers(),
            update.peers(),
            PeerConfig::name,
            peer -> sentences(PeerValidator.problems(peer)),
            (last, fresh) -> true,
            refusals);
    return new Applied.Accepted(
        new ConfigState(
            logId,
            update.revision(),
            update.zone(),
            sites,
            certificates,
            peers,
            refused(current, update, refusals)),
        refusals);
  }

  /** What was refused stays so until an update brings it anew or takes it away. */
  private static HashTrie<String> refused(
      ConfigState current, Update update, List<Refusal> refusals) {
    if (update.isSnapshot()) {
      return HashTrie.copyOf(reasons(refusals));
    }
    return current
        .refused()
        .withoutAll(ids(update.sites(), SiteConfig::id))
        .withoutAll(ids(update.certificates(), CertificateConfig::id))
        .withoutAll(ids(update.peers(), PeerConfig::name))
        .withoutAll(update.removedSites())
        .withoutAll(update.removedCertificates())
        .withoutAll(update.removedPeers())
        .withAll(reasons(refusals));
  }

  private static Map<String, String> reasons(List<Refusal> refusals) {
    Map<String, String> reasons = new HashMap<>();
    refusals.forEach(refusal -> reasons.put(refusal.resource(), refusal.reason()));
    return reasons;
  }

  private static <R> Set<String> ids(List<R> resources, Function<R, String> id) {
    Set<String> ids = new HashSet<>();
    resources.forEach(resource -> ids.add(id.apply(resource)));
    return ids;
  }

  /** What the update does not take away; a snapshot takes away all that it does not bring. */
  private static <R> HashTrie<R> remaining(
      HashTrie<R> current,
      Update update,
      List<R> brought,
      Function<R, String> id,
      List<String> removed) {
    if (!update.isSnapshot()) {
      return current.withoutAll(removed);
    }
    Set<String> named = ids(brought, id);
    return current.withoutAll(
        current.keySet().stream().filter(key -> !named.contains(key)).toList());
  }

  /**
   * With all that is brought and good. What is not is refused, and what it was last is kept.
   *
   * @param problem why one is not good; empty where it is
   * @param keeps whether what one was last may stand for what is refused of it
   */
  private static <R> HashTrie<R> taken(
      HashTrie<R> remaining,
      HashTrie<R> lastGood,
      List<R> brought,
      Function<R, String> id,
      Function<R, Optional<String>> problem,
      BiPredicate<R, R> keeps,
      List<Refusal> refusals) {
    Map<String, R> taken = new HashMap<>();
    Set<String> dropped = new HashSet<>();
    for (R fresh : brought) {
      String key = id.apply(fresh);
      Optional<String> reason = problem.apply(fresh);
      if (reason.isEmpty()) {
        taken.put(key, fresh);
        continue;
      }
      refusals.add(new Refusal(key, reason.get()));
      R last = lastGood.find(key);
      if (last != null && keeps.test(last, fresh)) {
        taken.put(key, last);
      } else {
        dropped.add(key);
      }
    }
    return remaining.withoutAll(dropped).withAll(taken);
  }

  /** Else who has no certificate, or one of an authority that was taken out, would go on. */
  private static boolean letsNobodyMoreIn(SiteConfig last, SiteConfig fresh) {
    return !fresh.clientCertificates().isRequired()
        || last.clientCertificates().equals(fresh.clientCertificates());
  }

  private static Optional<String> sentences(List<Problem> problems) {
    return problems.isEmpty()
        ? Optional.empty()
        : Optional.of(problems.stream().map(Problem::toString).collect(Collectors.joining(" ")));
  }

  /** One that is in force was tried when it came: trying a key takes as long as a handshake. */
  private static Optional<String> problem(
      @Nullable CertificateConfig inForce, CertificateConfig fresh) {
    return fresh.equals(inForce) ? Optional.empty() : CertificateCheck.problem(fresh);
  }

  private static Applied rejected(Update update, String problem) {
    return new Applied.Rejected(update.revision(), List.of(problem));
  }
}
