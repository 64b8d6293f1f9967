package dev.perigee.edge.config;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.FromControl.Update;
import dev.perigee.contract.FromControl.Welcome;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.FromEdge.GeoReport;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.Purge;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.EdgeMessage;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.listener.tls.ServerTls;
import dev.perigee.edge.listener.tls.TlsEngine;
import dev.perigee.edge.origin.HealthChecks;
import dev.perigee.edge.origin.OriginConfig;
import dev.perigee.edge.origin.OriginTls;
import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.store.ChronicleResponseStore;
import dev.perigee.edge.store.StoreConfig;
import dev.perigee.edge.table.HashTrie;
import io.grpc.stub.ClientCallStreamObserver;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * What one change costs on an edge that has many sites, from the message to its acknowledgement:
 * the sync stream's own way through assembly, policy, last good on disk and the swap of all tables
 * of a node. A second start finds the same from its disk.
 *
 * <pre>{@code
 * java -Xmx2g … dev.perigee.edge.config.SitesStudy FOLDER SITES CHANGES
 * }</pre>
 */
@NullMarked
final class SitesStudy {
  private static final String LOG = "log";
  private static final int PART = 500;
  private static final int SYNCS = 500;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Path folder;
  private final int sites;
  private final Random random = new Random(7);
  private final Acks acks = new Acks();
  private long revision;
  private long allocated;

  private SitesStudy(Path folder, int sites) {
    this.folder = folder;
    this.sites = sites;
  }

  public static void main(String[] args) throws Exception {
    SitesStudy study = new SitesStudy(Path.of(args[0]), Integer.parseInt(args[1]));
    study.run(Integer.parseInt(args[2]));
    System.exit(0);
  }

  private void run(int changes) throws Exception {
    System.out.printf("%d sites, %d changes of each kind%n", sites, changes);
    sync();
    try (Node node = new Node(folder, acks)) {
      node.store.awaitOpen(PATIENCE);
      long empty = heap();
      long began = System.nanoTime();
      snapshot(node.stream);
      said("snapshot in parts of " + PART + " sites, applied and acknowledged", began);
      System.out.printf("heap above an empty node: %d MiB%n", (heap() - empty) >> 20);
      files();
      for (Kind kind : Kind.values()) {
        measure(node.stream, kind, changes / 5); // to warm up
      }
      System.out.println("kind            p50 ms   p99 ms   max ms   KiB allocated");
      for (Kind kind : Kind.values()) {
        allocated = 0;
        measured(kind.toString(), measure(node.stream, kind, changes), allocated / changes);
      }
      System.out.printf(
          "heap after all changes, above an empty node: %d MiB%n", (heap() - empty) >> 20);
      files();
    }
    long began = System.nanoTime();
    try (Node again = new Node(folder, acks)) {
      said(
          "a start from the disk, with all tables made: revision "
              + again.active.state().revision(),
          began);
    }
    began = System.nanoTime();
    try (Node again = new Node(folder, acks)) {
      said("the same, warm: revision " + again.active.state().revision(), began);
    }
  }

  private enum Kind {
    HOST_ADDED,
    ORIGIN_CHANGED,
    SITE_ADDED,
    SITE_REMOVED
  }

  private static SiteConfig site(int number, int hosts, int port) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < hosts; i++) {
      names.add("www%d.site-%06d.example".formatted(i, number));
    }
    OriginUrl origin = new OriginUrl("https", "origin-%06d.example".formatted(number), port);
    return new SiteConfig(
        "site-%06d".formatted(number), names, List.of(origin), Set.of(), false, false);
  }

  private Update update(
      long from, int part, boolean last, List<SiteConfig> some, List<String> gone) {
    return new Update(
        "n" + revision, revision, from, part, last, some, gone, List.of(), List.of(), "cdn.test");
  }

  private void snapshot(SyncStream stream) {
    revision = 1;
    for (int from = 0; from < sites; from += PART) {
      List<SiteConfig> part = new ArrayList<>();
      for (int i = from; i < Math.min(sites, from + PART); i++) {
        part.add(site(i, 2, 443));
      }
      boolean last = from + PART >= sites;
      stream.onNext(SyncCodec.encode(update(0, from / PART, last, part, List.of())));
    }
    acks.expect(revision);
  }

  private ControlMessage next(Kind kind, int round) {
    int known = random.nextInt(sites);
    SiteConfig brought =
        switch (kind) {
          case HOST_ADDED -> site(known, 3 + random.nextInt(2), 443);
          case ORIGIN_CHANGED -> site(known, 2, 1024 + random.nextInt(60_000));
          case SITE_ADDED, SITE_REMOVED -> site(sites + round, 2, 443);
        };
    revision++;
    boolean removed = kind == Kind.SITE_REMOVED;
    return SyncCodec.encode(
        update(
            revision - 1,
            0,
            true,
            removed ? List.of() : List.of(brought),
            removed ? List.of(brought.id()) : List.of()));
  }

  private long[] measure(SyncStream stream, Kind kind, int changes) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long[] nanos = new long[changes];
    for (int i = 0; i < changes; i++) {
      ControlMessage message = next(kind, i);
      long bytes = threads.getCurrentThreadAllocatedBytes();
      long began = System.nanoTime();
      stream.onNext(message);
      nanos[i] = System.nanoTime() - began;
      allocated += threads.getCurrentThreadAllocatedBytes() - bytes;
      acks.expect(revision);
    }
    return nanos;
  }

  private static void measured(String what, long[] nanos, long bytes) {
    Arrays.sort(nanos);
    System.out.printf(
        "%-14s %8.3f %8.3f %8.3f %8d%n",
        what,
        nanos[nanos.length / 2] / 1e6,
        nanos[nanos.length * 99 / 100] / 1e6,
        nanos[nanos.length - 1] / 1e6,
        bytes >> 10);
  }

  /** What the disk alone takes to write and sync a change. */
  private void sync() throws IOException {
    Path file = Files.createDirectories(folder).resolve("sync-alone");
    long[] nanos = new long[SYNCS];
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long at = 0;
      for (int i = 0; i < SYNCS; i++) {
        long began = System.nanoTime();
        at += channel.write(ByteBuffer.allocate(200), at);
        channel.force(false);
        nanos[i] = System.nanoTime() - began;
      }
    }
    Files.delete(file);
    measured("write and sync of 200 bytes alone:", nanos, 0);
  }

  private void files() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
        System.out.printf("  %s: %d KiB%n", file.getFileName(), Files.size(file) >> 10);
      }
    }
  }

  private static long heap() {
    System.gc();
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static void said(String what, long began) {
    System.out.printf("%s: %d ms%n", what, (System.nanoTime() - began) / 1_000_000);
  }

  /** All of a node that a change touches, put together as the composition root does. */
  private static final class Node implements AutoCloseable {
    final ActiveConfig active;
    final SyncStream stream;
    private final ChronicleResponseStore store;
    private final HealthChecks checks;
    private final LastGoodStore lastGood;

    Node(Path folder, Acks acks) throws IOException, GeneralSecurityException {
      InstantSource clock = InstantSource.system();
      lastGood = new LastGoodStore(folder.resolve("last-good"));
      store =
          ChronicleResponseStore.openOrWithout(
              StoreConfig.of(folder.resolve("cache"), 64L << 20, 1L << 20), clock);
      ServerTls tls = new ServerTls(TlsEngine.AUTO);
      OriginTls originTls = new OriginTls(SSLContext.getDefault());
      OriginTable table = new OriginTable(new Random(1));
      Duration second = Duration.ofSeconds(1);
      OriginConfig config =
          new OriginConfig(
              second, second, second, second, 8, 1000, new OriginAddressPolicy(List.of(), false));
      checks =
          new HealthChecks(
              table, config, originTls::forChecks, clock, System::nanoTime, new Random(1));
      active =
          new ActiveConfig(
              "fra-1",
              lastGood.recover().orElseGet(ConfigState::empty),
              all -> certificates(tls, all),
              all -> {
                store.limit(all);
                originTls.swap(all);
                table.swap(all);
                checks.update();
              });
      ServingState serving =
          new ServingState(
              Duration.ofDays(1),
              acks::lastPurge,
              clock,
              System::nanoTime,
              folder.resolve("contact"));
      stream =
          new SyncStream(
              new SyncStream.Parts(
                  new SyncConfig(
                      "fra-1",
                      "study",
                      List.of(new ControlAddress("127.0.0.1", 1)),
                      folder.resolve("planes")),
                  acks,
                  serving,
                  active,
                  lastGood,
                  (order, done) -> {},
                  acks,
                  new RateLimits(1024, System::nanoTime, new Random(1)).fleet(),
                  new TicketKeeper(
                      folder.resolve("ticket-keys"),
                      StateKeys.none(),
                      InstantSource.system(),
                      new SecureRandom(),
                      keys -> {}),
                  Trust.unsaid(),
                  System::nanoTime),
              acks);
      stream.beforeStart(acks.out);
      stream.onNext(SyncCodec.encode(new Welcome(LOG, 1, 0, 0)));
    }

    private static void certificates(ServerTls tls, HashTrie<CertificateConfig> all) {
      try {
        tls.swap(all);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() throws IOException {
      checks.close();
      store.close();
      lastGood.close();
    }
  }

  /** The rest of a node, which does nothing, and a control plane that hears acknowledgements. */
  private static final class Acks implements PurgeSink, GeoSink, SyncStream.Events {
    private long acknowledged;

    final ClientCallStreamObserver<EdgeMessage> out =
        new ClientCallStreamObserver<>() {
          @Override
          public void onNext(EdgeMessage message) {
            acknowledged =
                switch (SyncCodec.decode(message)) {
                  case FromEdge.Ack ack -> ack.revision();
                  case FromEdge other -> throw new IllegalStateException(other.toString());
                };
          }

          @Override
          public void cancel(@Nullable String reason, @Nullable Throwable cause) {
            throw new IllegalStateException(reason, cause);
          }

          @Override
          public boolean isReady() {
            return true;
          }

          @Override
          public void setOnReadyHandler(Runnable handler) {}

          @Override
          public void request(int count) {}

          @Override
          public void setMessageCompression(boolean enable) {}

          @Override
          public void disableAutoInboundFlowControl() {}

          @Override
          public void onError(Throwable failure) {}

          @Override
          public void onCompleted() {}
        };

    void expect(long revision) {
      if (acknowledged != revision) {
        throw new IllegalStateException(acknowledged + " is acknowledged, not " + revision);
      }
    }

    @Override
    public long applyPurges(List<Purge> purges) {
      return 0;
    }

    @Override
    public long lastPurge() {
      return 0;
    }

    @Override
    public String logId() {
      return LOG;
    }

    @Override
    public void adopt(String logId, long purgedThrough) {}

    @Override
    public List<GeoHolding> holdings() {
      return List.of();
    }

    @Override
    public void take(GeoChunk chunk, Consumer<GeoReport> reports) {}

    @Override
    public void welcomed() {}

    @Override
    public void trusted() {}

    @Override
    public void told(List<String> controlPlanes) {}

    @Override
    public void inStep() {}

    @Override
    public void ended(SyncStream which, String reason) {}

    @Override
    public void later(Runnable action) {}
  }
}
