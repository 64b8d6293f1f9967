package dev.perigee.control;

import dev.perigee.contract.AcmeChallenge;
import dev.perigee.contract.HostName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Settings of certificates that are got of an authority for ports of the control plane itself. */
final class OwnAcmeOptions {
  private static final int MOST_HOSTS = 20;
  private static final int MOST_PORT = 65_535;

  @Option(
      names = "--api-acme-host",
      paramLabel = "HOST",
      description = {
        "by which operators reach API and console: their certificate is got by ACME, in place of",
        "--api-certificate; repeatable. Wants --acme-agree"
      })
  List<String> api = new ArrayList<>();

  @Option(
      names = "--steer-acme-host",
      paramLabel = "HOST",
      description = {
        "whose https URLs are steered at --steer-tls-port: the certificate is got by ACME, in",
        "place of --steer-certificate; repeatable. Wants --acme-agree"
      })
  List<String> steer = new ArrayList<>();

  @Option(
      names = "--acme-own-challenge",
      paramLabel = "NAME",
      description = {
        "how these are proved: dns-01 by this network's DNS, or http-01 at --acme-http-port or the",
        "plain port of steering, one of which must be reached by port 80 of them. By default",
        "dns-01 where all lie in --dns-zone, else http-01"
      })
  @Nullable String challenge;

  @Option(
      names = "--acme-http-port",
      paramLabel = "PORT",
      description = {
        "plain port that answers the authority for these and sends all else to https; none by",
        "default. Every control plane answers for all of them"
      })
  @Nullable Integer httpPort;

  @Option(
      names = "--acme-http-bind",
      paramLabel = "ADDRESS",
      defaultValue = "0.0.0.0",
      description = "address of that port; ${DEFAULT-VALUE}")
  String httpBind = "";

  /** Whether a port has its certificate by them. */
  boolean any() {
    return !api.isEmpty() || !steer.isEmpty();
  }

  /** Whether there is no certificate file, or what else would go with it. */
  void check(Options options) throws IOException {
    api = hosts("--api-acme-host", api);
    steer = hosts("--steer-acme-host", steer);
    if (httpPort != null && (httpPort < 0 || httpPort > MOST_PORT)) {
      throw new IOException("--acme-http-port is from 0 to %d: %d".formatted(MOST_PORT, httpPort));
    }
    if (!any()) {
      if (httpPort != null) {
        throw new IOException(
            "--acme-http-port is for --api-acme-host and --steer-acme-host: give one of them");
      }
      return;
    }
    if (!options.acme.agree) {
      throw new IOException(
          "--api-acme-host and --steer-acme-host want --acme-agree: the certificate authority's"
              + " terms are to be agreed to");
    }
    String zone = options.dns.zone();
    AcmeChallenge by = challenge(zone);
    if (by == AcmeChallenge.HTTP_01 && httpPort == null && !options.has(Duty.STEER)) {
      throw new IOException(
          "nothing here answers the authority for %s by http-01: give --acme-http-port, or, where"
                  .formatted(all().toList())
              + " this network's DNS answers for them, --acme-own-challenge dns-01");
    }
    Optional<String> outside = all().filter(host -> !isIn(host, zone)).findFirst();
    if (by == AcmeChallenge.DNS_01 && outside.isPresent() && !options.dns.siteHosts) {
      throw new IOException(
          "%s is not in the zone %s, and dns-01 needs this network's DNS to answer for it: give"
                  .formatted(outside.get(), zone)
              + " --acme-own-challenge http-01, or --dns-site-hosts where it is delegated here");
    }
  }

  private Stream<String> all() {
    return Stream.concat(api.stream(), steer.stream());
  }

  private static boolean isIn(String host, String zone) {
    return host.equals(zone) || host.endsWith("." + zone);
  }

  private static List<String> hosts(String option, List<String> given) throws IOException {
    List<String> hosts = new ArrayList<>();
    for (String text : given) {
      Optional<String> host =
          HostName.normalise(text)
              .filter(one -> one.matches("[a-z0-9-]+(\\.[a-z0-9-]+)*\\.[a-z][a-z0-9-]*"));
      if (host.isEmpty()) {
        throw new IOException(option + " is no host name with a dot in it: " + text);
      }
      if (!hosts.contains(host.get())) {
        hosts.add(host.get());
      }
    }
    if (hosts.size() > MOST_HOSTS) {
      throw new IOException(option + " is given at most " + MOST_HOSTS + " times");
    }
    return hosts;
  }

  /** By which challenge they are proved. */
  AcmeChallenge challenge(String zone) throws IOException {
    if (challenge == null) {
      boolean ours = all().allMatch(host -> isIn(host, zone));
      return ours ? AcmeChallenge.DNS_01 : AcmeChallenge.HTTP_01;
    }
    return AcmeChallenge.of(challenge)
        .filter(known -> known != AcmeChallenge.OFF)
        .orElseThrow(
            () -> new IOException("--acme-own-challenge is dns-01 or http-01: " + challenge));
  }

  /** The hosts of each port that has some. */
  List<List<String>> ports() {
    return Stream.of(api, steer).filter(hosts -> !hosts.isEmpty()).toList();
  }

  /** What is in force. */
  String effective() {
    return "api-acme-host=%s steer-acme-host=%s acme-own-challenge=%s acme-http=%s"
        .formatted(
            api.isEmpty() ? "none" : String.join(",", api),
            steer.isEmpty() ? "none" : String.join(",", steer),
            challenge == null ? "by zone" : challenge,
            httpPort == null ? "none" : httpBind + ":" + httpPort);
  }
}
