package dev.perigee.control;

import dev.perigee.control.steer.HttpSteering;
import dev.perigee.control.tls.CertificateFiles;
import dev.perigee.control.tls.CertificateSource;
import dev.perigee.control.tls.ServerTls;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which certificates the API and steering show, and where they may go without. */
final class TlsOptions {
  private static final long LOOK_MILLIS = 1_000;

  @Option(
      names = "--api-certificate",
      paramLabel = "FILE",
      description = {
        "PEM chain of API and console, the leaf first; with --api-key. Then they speak TLS alone.",
        "Both files are read again when they change"
      })
  @Nullable Path apiCertificate;

  @Option(names = "--api-key", paramLabel = "FILE", description = "PEM private key, PKCS #8")
  @Nullable Path apiKey;

  @Option(
      names = "--api-plain-behind-proxy",
      description = {
        "plain HTTP elsewhere than on loopback: for a proxy that ends TLS in front of it, over a",
        "network that nobody else hears: tokens pass there in the clear"
      })
  boolean apiPlainBehindProxy;

  @Option(
      names = "--steer-certificate",
      paramLabel = "FILE",
      description = {
        "PEM chain for steering of https URLs, at --steer-tls-port beside the plain port; with",
        "--steer-key. Both files are read again when they change"
      })
  @Nullable Path steerCertificate;

  @Option(names = "--steer-key", paramLabel = "FILE", description = "PEM private key, PKCS #8")
  @Nullable Path steerKey;

  @Option(names = "--steer-tls-port", defaultValue = "7081", description = "${DEFAULT-VALUE}")
  int steerTlsPort;

  @Option(
      names = "--steer-plain",
      description = "steer http URLs alone, elsewhere than on loopback too")
  boolean steerPlain;

  /** What is in force. */
  String effective() {
    return "api-certificate=%s api-plain-behind-proxy=%s steer-certificate=%s steer-plain=%s"
        .formatted(
            apiCertificate == null ? "none" : apiCertificate,
            apiPlainBehindProxy,
            steerCertificate == null
                ? "none"
                : steerCertificate + " steer-tls-port=" + steerTlsPort,
            steerPlain);
  }

  /** Refuses what would go over a network in the clear without anybody having said so. */
  void check(Options options) throws IOException {
    options.ownAcme.check(options);
    exclude("api", apiCertificate, options.ownAcme.api);
    exclude("steer", steerCertificate, options.ownAcme.steer);
    boolean apiHasTls = apiCertificate != null || !options.ownAcme.api.isEmpty();
    boolean steerHasTls = steerCertificate != null || !options.ownAcme.steer.isEmpty();
    pair("api", apiCertificate, apiKey);
    pair("steer", steerCertificate, steerKey);
    if (options.has(Duty.API) && !apiHasTls && !apiPlainBehindProxy) {
      requireLoopback(
          "--api-bind",
          options.apiBind,
          "tokens would pass in the clear. Give --api-certificate and --api-key, or"
              + " --api-acme-host, or bind 127.0.0.1; --api-plain-behind-proxy is for a proxy that"
              + " ends TLS in front of it");
    }
    if (apiHasTls && apiPlainBehindProxy) {
      throw new IOException(
          "--%s and --api-plain-behind-proxy: give one of them, there is one port"
              .formatted(apiCertificate != null ? "api-certificate" : "api-acme-host"));
    }
    if (options.has(Duty.STEER) && !steerHasTls && !steerPlain) {
      requireLoopback(
          "--steer-bind",
          options.steerBind,
          "https URLs would not be steered. Give --steer-certificate and --steer-key, or"
              + " --steer-acme-host, or --steer-plain if http URLs are all there are");
    }
  }

  private static void requireLoopback(String option, String bind, String why) throws IOException {
    if (!InetAddress.getByName(bind).isLoopbackAddress()) {
      throw new IOException(option + " " + bind + " without TLS: " + why);
    }
  }

  private static void pair(String of, @Nullable Path certificate, @Nullable Path key)
      throws IOException {
    if ((certificate == null) != (key == null)) {
      throw new IOException("--%s-certificate and --%s-key go together".formatted(of, of));
    }
  }

  private static void exclude(String of, @Nullable Path certificate, List<String> hosts)
      throws IOException {
    if (certificate != null && !hosts.isEmpty()) {
      throw new IOException(
          "--%s-certificate and --%s-acme-host: give one of them".formatted(of, of));
    }
  }

  /** TLS of the API, where it has a certificate, or gets one. */
  Optional<ServerTls> api(OwnCertificateParts own, Running running, Metering metering)
      throws IOException {
    List<String> hosts = own.options().ownAcme.api;
    return hosts.isEmpty()
        ? tls("API", "api", apiCertificate, apiKey, running, metering)
        : Optional.of(issued("API", "api", hosts, own, metering));
  }

  /** The port for https URLs, where steering has a certificate, or gets one. */
  Optional<HttpSteering.Secure> steering(
      OwnCertificateParts own, Running running, Metering metering) throws IOException {
    List<String> hosts = own.options().ownAcme.steer;
    return (hosts.isEmpty()
            ? tls("steering", "steer", steerCertificate, steerKey, running, metering)
            : Optional.of(issued("steering", "steer", hosts, own, metering)))
        .map(tls -> new HttpSteering.Secure(steerTlsPort, tls));
  }

  private static ServerTls issued(
      String what, String label, List<String> hosts, OwnCertificateParts own, Metering metering)
      throws IOException {
    CertificateSource source = own.source(what, label, hosts);
    metering.certificate(label, source);
    return new ServerTls(source);
  }

  private static Optional<ServerTls> tls(
      String what,
      String label,
      @Nullable Path certificate,
      @Nullable Path key,
      Running running,
      Metering metering)
      throws IOException {
    if (certificate == null || key == null) {
      return Optional.empty();
    }
    CertificateFiles files = CertificateFiles.open(what, certificate, key, running.clock());
    running.every(label + "-certificate", LOOK_MILLIS, files::look);
    metering.certificate(label, files);
    return Optional.of(new ServerTls(files));
  }
}
