package dev.perigee.benchmarks.sync;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A control plane's process with its usual settings and an embedded PostgreSQL, and its API. */
final class StudyControl implements AutoCloseable {
  private static final Pattern READY =
      Pattern.compile("ready api=(http://[0-9.:]+) grpc=127\\.0\\.0\\.1:([0-9]+) ");
  private static final Pattern USED = Pattern.compile("used ([0-9]+)K");

  private final Process process;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();
  private final String token;
  private final String api;
  private final int port;
  private final long postmaster;

  private StudyControl(Process process, long postmaster, String token, String api, int port) {
    this.process = process;
    this.postmaster = postmaster;
    this.token = token;
    this.api = api;
    this.port = port;
  }

  /**
   * Starts it from the built tree, which is the working directory.
   *
   * @param more options of the JVM
   */
  static StudyControl start(Path folder, List<String> more) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + Path.of("infra/local/control.jvm"));
    command.addAll(more);
    command.addAll(List.of("-jar", jar().toString(), "--state-dir", folder.toString()));
    for (String port : List.of("api", "grpc", "dns", "steer", "admin")) {
      command.addAll(List.of("--" + port + "-port", "0"));
    }
    Process process =
        new ProcessBuilder(command).redirectError(folder.resolve("control.err").toFile()).start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    while (line != null) {
      Matcher ready = READY.matcher(line);
      if (ready.find()) {
        Thread.ofVirtual().start(() -> drain(out, folder.resolve("control.log")));
        String token = Files.readString(folder.resolve("token")).strip();
        Path pids = folder.resolve("postgres/data/postmaster.pid");
        long postmaster = Long.parseLong(Files.readAllLines(pids).getFirst().strip());
        return new StudyControl(
            process, postmaster, token, ready.group(1), Integer.parseInt(ready.group(2)));
      }
      line = out.readLine();
    }
    throw new IOException("the control plane did not start: see " + folder + "/control.err");
  }

  private static Path jar() throws IOException {
    Path target = Path.of("control-plane/target");
    try (Stream<Path> jars = Files.list(target)) {
      return jars.filter(
              p -> p.getFileName().toString().matches("perigee-control-plane-.*[0-9T]\\.jar"))
          .findFirst()
          .orElseThrow(() -> new IOException("build it first: mvn -pl benchmarks -am package"));
    }
  }

  private static void drain(BufferedReader out, Path log) {
    try (var file = Files.newBufferedWriter(log)) {
      String line = out.readLine();
      while (line != null) {
        file.write(line);
        file.newLine();
        line = out.readLine();
      }
    } catch (IOException e) {
      System.err.println("the control plane's log: " + e.getMessage());
    }
  }

  int port() {
    return port;
  }

  long pid() {
    return process.pid();
  }

  /** The answer to a request that must be done. */
  String ask(String method, String path, String body) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(api + path))
            .timeout(Duration.ofSeconds(90))
            .header("Authorization", "Bearer " + token)
            .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (!body.isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() / 100 != 2) {
      throw new IOException(method + " " + path + ": " + answer.statusCode() + " " + answer.body());
    }
    return answer.body();
  }

  /** A number of an answer. */
  static long number(String json, String field) throws IOException {
    Matcher found = Pattern.compile("\"" + field + "\":\\s*([0-9]+)").matcher(json);
    if (!found.find()) {
      throw new IOException("no " + field + " in " + json);
    }
    return Long.parseLong(found.group(1));
  }

  /** A text of an answer. */
  static String text(String json, String field) throws IOException {
    Matcher found = Pattern.compile("\"" + field + "\":\\s*\"([^\"]*)\"").matcher(json);
    if (!found.find()) {
      throw new IOException("no " + field + " in " + json);
    }
    return found.group(1);
  }

  /** Live heap after a collection, resident memory and threads, in a line. */
  String memory() throws IOException, InterruptedException {
    jcmd("GC.run");
    Matcher used = USED.matcher(jcmd("GC.heap_info"));
    long heap = used.find() ? Long.parseLong(used.group(1)) / 1024 : -1;
    String status = Files.readString(Path.of("/proc/" + process.pid() + "/status"));
    return "live heap %d MiB, resident %d MiB, %d platform threads"
        .formatted(heap, field(status, "VmRSS") / 1024, field(status, "Threads"));
  }

  /** Processor time so far of the process, and of its database's, in seconds. */
  double[] processorSeconds() {
    double own = seconds(process.toHandle());
    double database =
        ProcessHandle.of(postmaster).stream()
            .flatMap(main -> Stream.concat(Stream.of(main), main.descendants()))
            .mapToDouble(StudyControl::seconds)
            .sum();
    return new double[] {own, database};
  }

  private static double seconds(ProcessHandle handle) {
    return handle.info().totalCpuDuration().map(Duration::toMillis).orElse(0L) / 1000.0;
  }

  private static long field(String status, String name) {
    Matcher found = Pattern.compile(name + ":\\s+([0-9]+)").matcher(status);
    return found.find() ? Long.parseLong(found.group(1)) : -1;
  }

  String jcmd(String... command) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    all.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
    all.add(Long.toString(process.pid()));
    all.addAll(List.of(command));
    Process jcmd = new ProcessBuilder(all).redirectErrorStream(true).start();
    String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    jcmd.waitFor();
    return said;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
