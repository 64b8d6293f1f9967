package dev.perigee.edge.pipeline;

import dev.perigee.contract.WarmUrl;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.RequestId;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** A request that nobody made: its answer goes into the cache and else nowhere. */
final class WarmUpExchange implements Exchange, ResponseSink {
  private final RequestHead head;
  private final Executor thread;
  private final Consumer<Outcome> done;
  private Outcome outcome = new Outcome(Kind.FAILED, "no answer");
  private boolean started;
  private boolean ended;

  /** What became of a URL. */
  enum Kind {
    HIT,
    STORED,
    PASSED,
    FAILED
  }

  /** What became of a URL, and why. */
  record Outcome(Kind kind, String reason) {}

  /**
   * @param client the address that stands for this node
   * @param id what the request is called
   * @param thread an I/O thread
   * @param done told once, on that thread
   */
  WarmUpExchange(
      WarmUrl url,
      Map<String, String> fields,
      String client,
      RequestId id,
      Executor thread,
      Consumer<Outcome> done) {
    FieldList.Builder all = FieldList.builder().add("Host", url.host());
    fields.forEach(all::add);
    this.head =
        new RequestHead(
            "GET",
            url.scheme(),
            url.host(),
            url.scheme().equals("https") ? 443 : 80,
            url.target(),
            "HTTP/1.1",
            all.build(),
            client,
            false,
            List.of(),
            id);
    this.thread = thread;
    this.done = done;
  }

  @Override
  public RequestHead head() {
    return head;
  }

  @Override
  public Optional<BodySource> body() {
    return Optional.empty();
  }

  @Override
  public ResponseSink sink() {
    return this;
  }

  @Override
  public void interim(InterimHead interim) {}

  @Override
  public boolean isOfReader() {
    return false;
  }

  @Override
  public Executor thread() {
    return thread;
  }

  @Override
  public void closeAfterwards() {}

  /** Not a reader's request: it is counted as a warm-up, not among those. */
  @Override
  public void onEnded(Ended action) {}

  @Override
  public void start(ResponseHead response, OptionalLong length) {
    started = true;
    String status = response.fields().joined("Cache-Status").orElse("");
    // Ours is the last member: what proxies behind us did stands before it.
    String own = status.substring(status.lastIndexOf(',') + 1);
    if (response.status() >= 400) {
      outcome = new Outcome(Kind.FAILED, "status " + response.status());
    } else if (own.contains("; hit")) {
      outcome = new Outcome(Kind.HIT, "");
    } else {
      outcome = new Outcome(own.contains("; stored") ? Kind.STORED : Kind.PASSED, "");
    }
  }

  @Override
  public boolean isStarted() {
    return started;
  }

  @Override
  public boolean write(ByteBuffer bytes, Runnable resume) {
    return true;
  }

  @Override
  public void finish() {
    end(outcome);
  }

  @Override
  public void breakOff() {
    end(new Outcome(Kind.FAILED, "the answer broke off"));
  }

  private void end(Outcome last) {
    if (!ended) {
      ended = true;
      done.accept(last);
    }
  }

  /** Nobody goes away. */
  @Override
  public void onAbandoned(Runnable action) {}
}
