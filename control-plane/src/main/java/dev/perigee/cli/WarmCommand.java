package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Has nodes fetch a list of URLs into their caches, and shows how far they are. */
@Command(
    name = "warm",
    description = "Fetch URLs into the nodes' caches before readers ask for them.")
final class WarmCommand extends Commands {
  /** URLs of one order; a longer list is warmed in parts, one after the other. */
  private static final int PART = 2_000;

  /** Characters of one order's URLs: an API call's body is limited. */
  private static final int PART_CHARS = 400_000;

  private static final int MAX_URLS = 1_000_000;

  /** Seconds without a step after which a warm-up counts as stuck. */
  private static final int STUCK_SECONDS = 90;

  private static final int ERRORS_SHOWN = 20;

  @Option(names = "--site", required = true, description = "its id or one of its hosts")
  String site = "";

  @Option(
      names = "--urls",
      required = true,
      paramLabel = "FILE",
      description = "a URL, or a /path on the site's first host, on each line; - reads the input")
  String file = "";

  @Option(
      names = "--rate",
      defaultValue = "20",
      description = "URLs a second on each node; ${DEFAULT-VALUE}")
  int rate;

  @Option(names = "--region", description = "only there; everywhere by default; repeatable")
  List<String> regions = new ArrayList<>();

  @Option(
      names = "--accept-encoding",
      defaultValue = "gzip, br",
      description = "as readers send it; ${DEFAULT-VALUE}")
  String acceptEncoding = "";

  @Override
  public void run() {
    List<String> urls = read();
    ApiClient client = client();
    Sum sum = new Sum(urls.size());
    for (int from = 0; from < urls.size(); ) {
      int end = end(urls, from);
      JsonNode warmUp = follow(client, begin(client, urls.subList(from, end)), sum);
      from = end;
      sum = sum.with(warmUp);
      if (json) {
        out().println(Json.pretty(warmUp));
      }
    }
    finish(sum);
  }

  /** Behind the last URL of the part that begins at {@code from}. */
  private static int end(List<String> urls, int from) {
    int end = from;
    int chars = 0;
    while (end < urls.size() && end - from < PART) {
      chars += urls.get(end).length();
      if (chars > PART_CHARS && end > from) {
        break;
      }
      end++;
    }
    return end;
  }

  private JsonNode follow(ApiClient client, JsonNode begun, Sum before) {
    JsonNode warmUp = begun;
    int still = 0;
    while (!warmUp.path("complete").asBoolean()) {
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
      JsonNode now = client.get("v1/warmups/" + ApiClient.part(warmUp.path("id").asText()));
      still = Sum.sum(now, "done") > Sum.sum(warmUp, "done") ? 0 : still + 1;
      warmUp = now;
      progress(before.with(warmUp));
      if (still >= STUCK_SECONDS) {
        throw new Failure(
            Failure.UNREACHABLE,
            "no step for %d s: a node is gone or its origin does not answer (perigee node list)"
                .formatted(STUCK_SECONDS));
      }
    }
    return warmUp;
  }

  private JsonNode begin(ApiClient client, List<String> urls) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("site", site);
    body.put("urls", urls);
    body.put("perSecond", rate);
    body.put("regions", regions);
    if (!acceptEncoding.isEmpty()) {
      body.put("fields", Map.of("Accept-Encoding", acceptEncoding));
    }
    return client.post("v1/warmups", Optional.of(body));
  }

  private List<String> read() {
    List<String> urls = new ArrayList<>();
    try (BufferedReader in =
        file.equals("-")
            ? new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
            : Files.newBufferedReader(Path.of(file))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String url = line.strip();
        if (!url.isEmpty() && !url.startsWith("#")) {
          urls.add(url);
        }
        if (urls.size() > MAX_URLS) {
          throw new Failure(Failure.USAGE, "at most " + MAX_URLS + " URLs at once: split " + file);
        }
      }
    } catch (IOException | java.nio.file.InvalidPathException e) {
      throw new Failure(Failure.USAGE, "cannot be read: " + file);
    }
    if (urls.isEmpty()) {
      throw new Failure(Failure.USAGE, "no URLs in " + file);
    }
    return urls;
  }

  private void progress(Sum sum) {
    if (!json) {
      spec.commandLine().getErr().println(sum);
      spec.commandLine().getErr().flush();
    }
  }

  private void finish(Sum sum) {
    if (!json) {
      out().println(sum);
      if (!sum.absent.isEmpty()) {
        out().println("not connected, and not warmed: " + String.join(" ", sum.absent));
      }
      sum.failures.stream().limit(ERRORS_SHOWN).forEach(out()::println);
      out().flush();
    }
    if (sum.failed > 0) {
      throw new Failure(Failure.REFUSED, sum.failed + " fetches failed");
    }
  }

  /** Everything so far: fetches are URLs times nodes. */
  private record Sum(
      int urls,
      long done,
      long hits,
      long stored,
      long passed,
      long failed,
      int nodes,
      List<String> absent,
      List<String> failures) {
    Sum(int urls) {
      this(urls, 0, 0, 0, 0, 0, 0, List.of(), List.of());
    }

    Sum with(JsonNode warmUp) {
      List<String> all = new ArrayList<>(failures);
      warmUp.path("failures").forEach(failure -> all.add(failure.asText()));
      List<String> gone = new ArrayList<>();
      warmUp.path("absent").forEach(node -> gone.add(node.asText()));
      return new Sum(
          urls,
          done + sum(warmUp, "done"),
          hits + sum(warmUp, "hits"),
          stored + sum(warmUp, "stored"),
          passed + sum(warmUp, "passed"),
          failed + sum(warmUp, "failed"),
          warmUp.path("nodes").size(),
          gone,
          all);
    }

    private static long sum(JsonNode warmUp, String field) {
      long sum = 0;
      for (JsonNode node : warmUp.path("nodes")) {
        sum += node.path(field).asLong();
      }
      return sum;
    }

    @Override
    public String toString() {
      return "%d of %d fetches on %d nodes: %d stored, %d were there, %d not to be kept, %d failed"
          .formatted(done, (long) urls * nodes, nodes, stored, hits, passed, failed);
    }
  }
}
