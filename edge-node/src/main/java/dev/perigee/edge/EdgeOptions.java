package dev.perigee.edge;

import dev.perigee.contract.SiteValidator;
import dev.perigee.edge.config.ControlAddress;
import dev.perigee.edge.config.StateKeys;
import dev.perigee.edge.listener.tls.ServerTls;
import dev.perigee.edge.listener.tls.TlsEngine;
import dev.perigee.edge.listener.tls.TlsProfile;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The node's settings as Picocli reads them, from the command line or a file of the same keys
 * without the dashes.
 */
final class EdgeOptions {
  private static final int MAX_LOAD_AVERAGE = 100_000;
  private static final int MOST_TLS_NAMES = 1_000_000;

  @Option(names = "--config", description = "File of key=value lines, the keys as these options.")
  @Nullable Path config;

  @Option(names = "--name", required = true, description = "The node's name, a DNS label.")
  String name = "";

  @Option(
      names = "--control",
      required = true,
      split = ",",
      converter = ControlConverter.class,
      description = {
        "Where control planes listen for edges: host:port[,host:port].",
        "They tell the node of each other; one that works is enough."
      })
  List<ControlAddress> control = new ArrayList<>();

  @Option(names = "--join", description = "Join token, for the first start only.")
  @Nullable String join;

  @Option(names = "--state-dir", required = true, description = "Folder of the node's state.")
  Path stateDir = Path.of("");

  @Option(
      names = "--key-file",
      description = {
        "Keys that private keys are sealed with in the state folder: a line each,",
        "ID:KEY, 32 bytes in base64; the first one seals. Its mode is 600. Instead of a",
        "file its lines may be in the environment: PERIGEE_KEYS. Without either the node",
        "makes a key, beside its state folder."
      })
  @Nullable Path keyFile;

  /** What the environment has instead of such a file. */
  Optional<String> keyText = Optional.empty();

  @Option(
      names = "--bind",
      split = ",",
      defaultValue = "0.0.0.0",
      description = "Addresses for readers.")
  List<String> bind = new ArrayList<>();

  @Option(names = "--http-port", defaultValue = "8080", description = "Port for HTTP.")
  int httpPort;

  @Option(names = "--https-port", defaultValue = "8443", description = "Port for HTTPS.")
  int httpsPort;

  @Option(
      names = "--peer-bind",
      split = ",",
      description = "Addresses for other nodes; default those for readers.")
  List<String> peerBind = new ArrayList<>();

  @Option(
      names = "--peer-port",
      defaultValue = "0",
      description = "Port for other nodes, to ask this one as a shield or POP; 0: none.")
  int peerPort;

  @Option(
      names = "--admin-bind",
      defaultValue = "127.0.0.1",
      description = "Address for metrics and health. Default ${DEFAULT-VALUE}: they say much.")
  String adminBind = "";

  @Option(names = "--admin-port", defaultValue = "9090", description = "Port for the same.")
  int adminPort;

  @Option(
      names = "--cache-size",
      defaultValue = "1g",
      converter = SizeConverter.class,
      description = "Bytes of bodies on disk.")
  ByteSize cacheSize = new ByteSize(0);

  @Option(
      names = "--max-object-size",
      converter = SizeConverter.class,
      description = "Larger bodies are not kept; default half the cache.")
  @Nullable ByteSize maxObjectSize;

  @Option(
      names = "--memory-size",
      defaultValue = "64m",
      converter = SizeConverter.class,
      description = "Bytes of small bodies kept on the heap as well.")
  ByteSize memorySize = new ByteSize(0);

  @Option(names = "--io-threads", defaultValue = "0", description = "0: one per core.")
  int ioThreads;

  @Option(
      names = "--serve-unsynced",
      defaultValue = "24h",
      converter = SpanConverter.class,
      description = "How long to serve without the control plane; 0: never.")
  TimeSpan serveUnsynced = TimeSpan.parse("24h");

  @Option(
      names = "--sync-wait",
      defaultValue = "3s",
      converter = SpanConverter.class,
      description = "How long to wait at start for the control plane.")
  TimeSpan syncWait = TimeSpan.parse("3s");

  @Option(
      names = "--tls-engine",
      defaultValue = "auto",
      converter = EngineConverter.class,
      description = "auto, boringssl or jdk.")
  TlsEngine tlsEngine = TlsEngine.AUTO;

  @Option(
      names = "--full-load-average",
      defaultValue = "0",
      description = {
        "Load average of the machine at which the node counts as full: others are sent",
        "readers before. 0: the number of its processors. More than that where other",
        "programs run beside it and may."
      })
  double fullLoadAverage;

  @Option(
      names = "--tls-profile",
      defaultValue = "intermediate",
      converter = ProfileConverter.class,
      description = "modern: TLS 1.3 alone; intermediate: 1.2 too. Default ${DEFAULT-VALUE}.")
  TlsProfile tlsProfile = TlsProfile.INTERMEDIATE;

  @Option(
      names = "--tls-names",
      defaultValue = "" + ServerTls.NAMES,
      description =
          "Server names for which what a handshake needs is kept ready, about 8 KiB each and their"
              + " certificates; it is made anew for the others. Default ${DEFAULT-VALUE}.")
  int tlsNames = ServerTls.NAMES;

  @Option(names = "--access-log", description = "Log one line for each request.")
  boolean accessLog;

  @Mixin LayerOptions layers = new LayerOptions();

  @Mixin LimitOptions limits = new LimitOptions();

  @Option(names = "--help", usageHelp = true, description = "Show this and end.")
  boolean help;

  /** What is wrong with the settings together, a sentence. */
  Optional<String> problem() {
    if (!SiteValidator.isLabel(name)) {
      return Optional.of("--name: '" + name + "' is not a lower-case DNS label.");
    }
    for (int port : new int[] {httpPort, httpsPort, peerPort, adminPort}) {
      if (port < 0 || port > 65_535) {
        return Optional.of("--*-port: " + port + " is not a port.");
      }
    }
    if (!(fullLoadAverage >= 0 && fullLoadAverage <= MAX_LOAD_AVERAGE)) {
      return Optional.of("--full-load-average: it must be 0 to " + MAX_LOAD_AVERAGE + ".");
    }
    if (tlsNames < 1 || tlsNames > MOST_TLS_NAMES) {
      return Optional.of("--tls-names: it must be 1 to 1000000.");
    }
    return ioThreads < 0 || ioThreads > 1024
        ? Optional.of("--io-threads: it must be 0 to 1024.")
        : layers.problem().or(limits::problem);
  }

  /** What secrets are sealed with in the state folder, which there is. */
  StateKeys keys(SecureRandom random) throws IOException {
    return StateKeys.open(Optional.ofNullable(keyFile), keyText, stateDir, random);
  }

  /** At which the node counts as full. */
  double fullLoadAverage() {
    return fullLoadAverage > 0 ? fullLoadAverage : Runtime.getRuntime().availableProcessors();
  }

  String adminAddress() {
    return adminBind;
  }

  List<String> peerAddresses() {
    return peerBind.isEmpty() ? bind : peerBind;
  }

  /** All settings in one line; the join token is left out. */
  String effective() {
    return ("name=%s control=%s state-dir=%s key-file=%s bind=%s http-port=%d https-port=%d"
            + " peer-bind=%s peer-port=%d admin-bind=%s admin-port=%d cache-size=%s"
            + " max-object-size=%s memory-size=%s io-threads=%d serve-unsynced=%s sync-wait=%s"
            + " tls-engine=%s tls-profile=%s tls-names=%d full-load-average=%s access-log=%s %s"
            + " %s")
        .formatted(
            name,
            control,
            stateDir,
            keyFile != null ? keyFile : keyText.isPresent() ? "environment" : "own",
            bind,
            httpPort,
            httpsPort,
            peerAddresses(),
            peerPort,
            adminAddress(),
            adminPort,
            cacheSize,
            maxObjectSize == null ? "-" : maxObjectSize,
            memorySize,
            ioThreads,
            serveUnsynced,
            syncWait,
            tlsEngine.name().toLowerCase(Locale.ROOT),
            tlsProfile.name().toLowerCase(Locale.ROOT),
            tlsNames,
            fullLoadAverage(),
            accessLog,
            layers.effective(),
            limits.effective());
  }

  /** Reads one control address. */
  static final class ControlConverter implements ITypeConverter<ControlAddress> {
    @Override
    public ControlAddress convert(String text) {
      return ControlAddress.parse(text)
          .orElseThrow(() -> new IllegalArgumentException("'" + text + "' is not host:port."));
    }
  }

  /** Reads a size. */
  static final class SizeConverter implements ITypeConverter<ByteSize> {
    @Override
    public ByteSize convert(String text) {
      return ByteSize.parse(text);
    }
  }

  /** Reads a duration. */
  static final class SpanConverter implements ITypeConverter<TimeSpan> {
    @Override
    public TimeSpan convert(String text) {
      return TimeSpan.parse(text);
    }
  }

  /** Reads the name of a TLS engine. */
  static final class EngineConverter implements ITypeConverter<TlsEngine> {
    @Override
    public TlsEngine convert(String text) {
      for (TlsEngine engine : TlsEngine.values()) {
        if (engine.name().toLowerCase(Locale.ROOT).equals(text)) {
          return engine;
        }
      }
      throw new IllegalArgumentException("'" + text + "' is not auto, boringssl or jdk.");
    }
  }

  /** Reads the name of a TLS profile. */
  static final class ProfileConverter implements ITypeConverter<TlsProfile> {
    @Override
    public TlsProfile convert(String text) {
      for (TlsProfile profile : TlsProfile.values()) {
        if (profile.name().toLowerCase(Locale.ROOT).equals(text)) {
          return profile;
        }
      }
      throw new IllegalArgumentException("'" + text + "' is not modern or intermediate.");
    }
  }
}
