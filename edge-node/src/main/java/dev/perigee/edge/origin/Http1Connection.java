package dev.perigee.edge.origin;

import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.transport.XnioByteStream;
import io.undertow.client.ClientCallback;
import io.undertow.client.ClientConnection;
import io.undertow.client.ClientExchange;
import io.undertow.client.ClientRequest;
import io.undertow.client.ClientResponse;
import io.undertow.connector.ByteBufferPool;
import io.undertow.server.protocol.http.HttpAttachments;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;
import org.xnio.channels.StreamSinkChannel;

/** HTTP/1.1 to a server: Undertow's client behind the strict filter, one exchange at a time. */
final class Http1Connection implements OriginConnection {
  private final StreamConnection connection;
  private final ClientConnection client;
  private final ResponseFilter filter;
  private final ByteBufferPool buffers;
  private final ByteBufferPool bodies;
  private boolean busy;

  /**
   * @param buffers for streams that took an exchange's place
   * @param connection under the client
   * @param bodies for bodies of answers
   */
  Http1Connection(
      StreamConnection connection,
      ClientConnection client,
      ResponseFilter filter,
      ByteBufferPool buffers,
      ByteBufferPool bodies) {
    this.connection = connection;
    this.client = client;
    this.filter = filter;
    this.buffers = buffers;
    this.bodies = bodies;
  }

  @Override
  public boolean isOpen() {
    return client.isOpen() && !filter.isSpoilt();
  }

  @Override
  public boolean isShared() {
    return false;
  }

  @Override
  public boolean isUnused() {
    return !busy;
  }

  @Override
  public boolean hasRoom() {
    return !busy && isOpen();
  }

  @Override
  public Running send(FetchRequest request, Replies replies) {
    busy = true;
    Exchange exchange = new Exchange(request, replies);
    exchange.begin();
    return exchange;
  }

  @Override
  public void close() {
    cut();
  }

  /** Undertow's own end would put the last chunk behind a request's body that is not whole. */
  private void cut() {
    IoUtils.safeClose(connection);
    IoUtils.safeClose(client);
  }

  /** One request with its answer. */
  private final class Exchange implements Running, ResponseFilter.Heads {
    private final FetchRequest request;
    private final Replies replies;
    private @Nullable ClientExchange exchange;
    private boolean over;

    Exchange(FetchRequest request, Replies replies) {
      this.request = request;
      this.replies = replies;
    }

    void begin() {
      filter.expectResponse(request.method(), request.upgrade(), this);
      ClientRequest out = new ClientRequest();
      out.setMethod(HttpString.tryFromString(request.method())).setPath(request.target());
      HeaderMap headers = out.getRequestHeaders();
      request.fields().forEach((name, value) -> headers.add(new HttpString(name), value));
      announceBody(headers);
      client.sendRequest(
          out,
          callback(
              begun -> {
                exchange = begun;
                begun.setResponseListener(callback(this::answered, this::failed));
              },
              this::failed));
    }

    private void announceBody(HeaderMap headers) {
      if (request.body().isPresent()) {
        OptionalLong length = request.body().get().length();
        if (length.isPresent()) {
          headers.put(Headers.CONTENT_LENGTH, length.getAsLong());
        } else {
          headers.put(Headers.TRANSFER_ENCODING, "chunked");
        }
      } else {
        switch (request.method()) {
          case "GET", "HEAD", "OPTIONS" -> headers.remove(Headers.CONTENT_LENGTH);
          default -> headers.put(Headers.CONTENT_LENGTH, 0L);
        }
      }
    }

    @Override
    public void proceed() {
      if (!over) {
        replies.proceed();
      }
    }

    @Override
    public void interim(InterimHead head) {
      if (!over) {
        replies.interim(head);
      }
    }

    private void answered(ClientExchange answered) {
      if (over) {
        return;
      }
      ClientResponse response = answered.getResponse();
      ResponseHead head = new ResponseHead(response.getResponseCode(), fields(response));
      if (head.status() == 101) {
        switched(head, response.getResponseHeaders());
        return;
      }
      boolean bodiless = head.status() == 204 || head.status() == 304;
      OptionalLong length = length(response.getResponseHeaders());
      if (bodiless && length.orElse(0) > 0) {
        // Undertow's client would wait for a body that never comes.
        replies.answered(head, new NoBody(Http1Connection.this::close));
        return;
      }
      OptionalLong known = bodiless ? OptionalLong.of(0) : length;
      replies.answered(
          head, new OriginBody(answered.getResponseChannel(), bodies, known, filter::trailers));
    }

    private void switched(ResponseHead head, HeaderMap headers) {
      if (!lists(headers.get(Headers.CONNECTION), "upgrade")) {
        broke(FailureKind.BAD_RESPONSE);
        return;
      }
      over = true;
      try {
        replies.switched(
            head, new XnioByteStream(client.performUpgrade(), buffers, this::streamClosed));
      } catch (IOException e) {
        over = false;
        broke(FailureKind.RESET);
      }
    }

    private void streamClosed() {
      cut();
      replies.streamClosed();
    }

    private void failed(IOException problem) {
      broke(problem instanceof ResponseFlaw.Found ? FailureKind.BAD_RESPONSE : FailureKind.RESET);
    }

    private void broke(FailureKind kind) {
      if (!over) {
        over = true;
        cut();
        replies.broken(kind, false);
      }
    }

    @Override
    public BodySink body() {
      ClientExchange begun = exchange;
      if (begun == null) {
        throw new IllegalStateException("the exchange has not begun");
      }
      return new Sink(begun, begun.getRequestChannel());
    }

    @Override
    public void end(boolean whole) {
      over = true;
      busy = false;
      // Answered before the request was read: what is left of it would stand in the next one's way.
      if (!whole || request.asksToSwitch() || !isOpen()) {
        cut();
      }
    }
  }

  /** The request's body on Undertow's channel. */
  private static final class Sink implements BodySink {
    private final ClientExchange exchange;
    private final StreamSinkChannel channel;

    Sink(ClientExchange exchange, StreamSinkChannel channel) {
      this.exchange = exchange;
      this.channel = channel;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      return channel.write(bytes);
    }

    @Override
    public void whenWritable(Runnable action) {
      channel
          .getWriteSetter()
          .set(
              writable -> {
                channel.suspendWrites();
                action.run();
              });
      channel.resumeWrites();
    }

    @Override
    public void flush() throws IOException {
      if (!channel.flush()) {
        whenWritable(
            () -> {
              try {
                flush();
              } catch (IOException e) {
                // Whoever writes next, or waits for the answer, learns of it.
                IoUtils.safeClose(channel);
              }
            });
      }
    }

    @Override
    public void end(FieldList trailers, Runnable sent) throws IOException {
      if (trailers.size() > 0) {
        HeaderMap map = new HeaderMap();
        trailers.forEach((name, value) -> map.add(new HttpString(name), value));
        exchange.putAttachment(HttpAttachments.RESPONSE_TRAILERS, map);
      }
      channel.shutdownWrites();
      finish(sent);
    }

    private void finish(Runnable sent) throws IOException {
      if (channel.flush()) {
        channel.suspendWrites();
        sent.run();
        return;
      }
      whenWritable(
          () -> {
            try {
              finish(sent);
            } catch (IOException e) {
              IoUtils.safeClose(channel);
            }
          });
    }
  }

  private static boolean lists(@Nullable HeaderValues values, String option) {
    if (values == null) {
      return false;
    }
    for (String line : values) {
      for (String one : line.split(",", -1)) {
        if (one.strip().equalsIgnoreCase(option)) {
          return true;
        }
      }
    }
    return false;
  }

  private static OptionalLong length(HeaderMap headers) {
    String text = headers.getFirst(Headers.CONTENT_LENGTH);
    return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
  }

  private static FieldList fields(ClientResponse response) {
    FieldList.Builder out = FieldList.builder();
    for (HeaderValues values : response.getResponseHeaders()) {
      String name = values.getHeaderName().toString();
      values.forEach(value -> out.add(name, DateSpaces.restored(name, value)));
    }
    return OriginFields.response(out.build());
  }

  private static <T> ClientCallback<T> callback(Consumer<T> done, Consumer<IOException> failed) {
    return new ClientCallback<>() {
      @Override
      public void completed(T result) {
        done.accept(result);
      }

      @Override
      public void failed(IOException e) {
        failed.accept(e);
      }
    };
  }
}
