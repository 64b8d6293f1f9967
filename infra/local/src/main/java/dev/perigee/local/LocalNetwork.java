package dev.perigee.local;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The whole network on one machine: starts its parts in the order in which they need each other,
 * gives the control plane its nodes and the demo site, and stops all of it.
 */
final class LocalNetwork {
  static final String SITE = "demo";
  static final String SITE_HOST = "demo.localhost";
  static final String ZONE = "cdn.example";

  private static final Duration PART_TIMEOUT = Duration.ofSeconds(90);
  private static final Duration SERVES_TIMEOUT = Duration.ofSeconds(30);

  /** How often an edge is asked whether it serves yet. */
  private static final Duration ASK_AGAIN = Duration.ofMillis(50);

  private final Layout layout;
  private final StateFolder folder;
  private final Installation installation;
  private final Terminal terminal;
  private final LongSupplier nanoTime;
  private final List<Child> children = new ArrayList<>();
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);

  LocalNetwork(
      Layout layout,
      StateFolder folder,
      Installation installation,
      Terminal terminal,
      LongSupplier nanoTime) {
    this.layout = layout;
    this.folder = folder;
    this.installation = installation;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
  }

  /** Starts everything; when it returns, every edge serves the demo site. */
  void start() throws LocalException, InterruptedException {
    Parts parts = new Parts(layout, folder, installation);
    Child control = launch(parts.control());
    Child origin = launch(parts.origin());
    origin.awaitReady(PART_TIMEOUT);
    terminal.step("demo origin", layout.origin());
    control.awaitReady(PART_TIMEOUT);
    terminal.step("control plane", layout.api());
    try (ControlClient client = new ControlClient(layout.api(), token())) {
      List<Child> edges = new ArrayList<>();
      for (EdgePlace edge : layout.edges()) {
        edges.add(launch(parts.edge(edge, joinArguments(client, edge))));
      }
      if (!client.hasSite(SITE)) {
        client.addSite(SITE, SITE_HOST, layout.origin());
      }
      awaitEdges(edges);
    }
  }

  /** Returns once {@link #stop} has done its work. */
  void awaitStopped() throws InterruptedException {
    stopped.await();
  }

  boolean isStopping() {
    return stopping.getCount() == 0;
  }

  /** Stops the edges and the origin at once, then the control plane; a second call waits. */
  void stop() throws InterruptedException {
    List<Child> all;
    synchronized (children) {
      if (isStopping()) {
        all = List.of();
      } else {
        stopping.countDown();
        all = List.copyOf(children);
        if (all.isEmpty()) {
          stopped.countDown();
        }
      }
    }
    if (!all.isEmpty()) {
      stopTogether(all.subList(1, all.size()));
      all.getFirst().stop();
      stopped.countDown();
    }
    stopped.await();
  }

  private Child launch(Part part) throws LocalException {
    synchronized (children) {
      if (isStopping()) {
        throw new LocalException("stopped while it started");
      }
      Child child = new Child(part, folder, terminal, nanoTime);
      children.add(child);
      child.start();
      return child;
    }
  }

  private String token() throws LocalException {
    try {
      return Files.readString(folder.token()).strip();
    } catch (IOException e) {
      throw new LocalException("the control plane wrote no token to " + folder.token(), e);
    }
  }

  /** The arguments by which an edge that has no certificate yet gets one. */
  private List<String> joinArguments(ControlClient client, EdgePlace edge)
      throws LocalException, InterruptedException {
    if (!client.hasNode(edge.name())) {
      if (folder.forgetEdge(edge.name())) {
        terminal.say("  edge " + edge.name() + " belonged to another control plane: starts anew");
      }
      client.addNode(edge);
    } else if (client.isEnrolled(edge.name()) && folder.hasIdentity(edge.name())) {
      return List.of();
    }
    return List.of("--join", client.joinToken(edge.name()));
  }

  private void awaitEdges(List<Child> edges) throws LocalException, InterruptedException {
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(PART_TIMEOUT).build()) {
      for (int i = 0; i < edges.size(); i++) {
        EdgePlace edge = layout.edges().get(i);
        edges.get(i).awaitReady(PART_TIMEOUT);
        awaitServing(http, edge);
        String url = "http://" + edge.address() + ":" + EdgePlace.HTTP_PORT;
        terminal.step("edge " + edge.name(), url);
      }
    }
  }

  private void awaitServing(HttpClient http, EdgePlace edge)
      throws LocalException, InterruptedException {
    URI url = URI.create("http://" + edge.address() + ":" + EdgePlace.HTTP_PORT + "/");
    HttpRequest request = HttpRequest.newBuilder(url).header("Host", SITE_HOST).build();
    long end = nanoTime.getAsLong() + SERVES_TIMEOUT.toNanos();
    String last = "nothing";
    while (nanoTime.getAsLong() < end) {
      try {
        int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        if (status == 200) {
          return;
        }
        last = "status " + status;
      } catch (IOException e) {
        last = e.toString();
      }
      if (stopping.await(ASK_AGAIN.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new LocalException("stopped while it started");
      }
    }
    throw new LocalException(
        "edge %s does not serve %s: last answer %s; its log is %s"
            .formatted(edge.name(), SITE_HOST, last, folder.log(edge.name())));
  }

  private static void stopTogether(List<Child> children) throws InterruptedException {
    List<Thread> stoppers = new ArrayList<>();
    for (Child child : children) {
      stoppers.add(Thread.ofVirtual().name("stop").start(() -> stopOne(child)));
    }
    for (Thread stopper : stoppers) {
      stopper.join();
    }
  }

  private static void stopOne(Child child) {
    try {
      child.stop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
