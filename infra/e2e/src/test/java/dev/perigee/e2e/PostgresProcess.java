package dev.perigee.e2e;

import dev.perigee.control.store.EmbeddedDatabase;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A PostgreSQL of a test's own, which may be stopped and started again with what it had. */
final class PostgresProcess implements AutoCloseable {
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final Pattern READY = Pattern.compile("postgres ([0-9]+) (\\S+) (\\S+)");
  private static final Path JARS = Path.of("../../control-plane/target").toAbsolutePath();

  private final RunningProcess process;
  private final Path folder;
  private final int port;
  private final String user;
  private final String password;

  private PostgresProcess(RunningProcess process, Path folder, Matcher ready) {
    this.process = process;
    this.folder = folder;
    this.port = Integer.parseInt(ready.group(1));
    this.user = ready.group(2);
    this.password = ready.group(3);
  }

  /** Of its own process: begins PostgreSQL in the folder that is named, and ends it at its end. */
  public static void main(String[] args) throws Exception {
    EmbeddedDatabase database = EmbeddedDatabase.start(Path.of(args[0]), new SecureRandom());
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .unstarted(
                    () -> {
                      try {
                        database.close();
                      } catch (IOException e) {
                        System.out.println("not stopped: " + e);
                      }
                      ended.countDown();
                    }));
    String port = database.jdbcUrl().replaceFirst(".*:([0-9]+)/.*", "$1");
    System.out.println("postgres " + port + " " + database.user() + " " + database.password());
    ended.await();
  }

  static PostgresProcess start(Path folder) throws IOException {
    return start(folder, List.of(), "/");
  }

  /**
   * The same on a file system of its own, which nobody else sees and which goes with it.
   *
   * @param megabytes of it, all told
   */
  static PostgresProcess startOnSmallDisk(Path folder, int megabytes) throws IOException {
    Path binaries = Files.createDirectories(folder.resolveSibling(folder.getFileName() + "-bin"));
    boolean root = Files.getOwner(Path.of("/proc/self")).getName().equals("root");
    String mounts =
        "mount -t tmpfs -o size=%dm tmpfs %s && mkdir %2$s/binaries && mount --bind %s %2$s/binaries"
            .formatted(megabytes, folder, binaries);
    List<String> inside =
        List.of(
            "unshare", root ? "-m" : "-Urm", "bash", "-c", mounts + " && exec \"$@\"", "crowded");
    return start(folder, inside, "/proc/%d/root");
  }

  private static PostgresProcess start(Path folder, List<String> inside, String root)
      throws IOException {
    Files.createDirectories(folder);
    // Not on this process's class path, which has the binaries twice.
    String path = jar() + ":" + Path.of("target/test-classes").toAbsolutePath();
    List<String> command = new ArrayList<>(inside);
    command.addAll(
        List.of(
            ProcessHandle.current().info().command().orElseThrow(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            path,
            PostgresProcess.class.getName(),
            folder.toString()));
    RunningProcess process = RunningProcess.start("PostgreSQL", folder, Map.of(), command);
    Matcher ready = READY.matcher(process.awaitLine(READY.pattern(), SOON));
    if (!ready.find()) {
      throw new AssertionError(process.output());
    }
    // What it sees as its root is seen there by others.
    String seen = root.formatted(process.pid()) + folder.toAbsolutePath();
    return new PostgresProcess(process, Path.of(seen), ready);
  }

  /** The server, if one runs; after it ended by itself another one may. */
  Optional<ProcessHandle> server() throws IOException {
    Path file = folder.resolve("data/postmaster.pid");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    return ProcessHandle.of(Long.parseLong(Files.readAllLines(file).getFirst().strip()));
  }

  /** Takes all the room that is left. */
  void fillDisk() throws IOException {
    try (FileChannel out =
        FileChannel.open(ballast(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (int size = 1 << 16; size > 0; ) {
        try {
          out.write(ByteBuffer.allocate(size));
        } catch (IOException e) {
          size /= 2;
        }
      }
    }
  }

  /** Gives back what {@link #fillDisk} took. */
  void freeDisk() throws IOException {
    Files.delete(ballast());
  }

  private Path ballast() {
    return folder.resolve("ballast");
  }

  /** What it said so far. */
  String output() {
    return process.output();
  }

  private static Path jar() throws IOException {
    try (Stream<Path> all = Files.list(JARS)) {
      return all.filter(
              jar -> jar.getFileName().toString().matches("perigee-control-plane.*\\.jar"))
          .findFirst()
          .orElseThrow();
    }
  }

  int port() {
    return port;
  }

  String user() {
    return user;
  }

  String password() {
    return password;
  }

  String jdbcUrl() {
    return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
  }

  @Override
  public void close() {
    Optional<ProcessHandle> last = lastServer();
    process.terminate();
    process.awaitExit(SOON);
    process.close();
    // Whoever asked it to stop may be gone before it has written its last.
    Awaitility.await("PostgreSQL has ended")
        .atMost(SOON)
        .until(() -> last.filter(ProcessHandle::isAlive).isEmpty());
  }

  private Optional<ProcessHandle> lastServer() {
    try {
      return server();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
