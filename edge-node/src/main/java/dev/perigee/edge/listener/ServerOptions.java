package dev.perigee.edge.listener;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import java.time.Duration;
import org.xnio.Option;
import org.xnio.OptionMap;
import org.xnio.Options;

/**
 * What Undertow is told by every listener of the node.
 *
 * @param server of the parsers and protocols
 * @param socket of the sockets
 */
record ServerOptions(OptionMap server, OptionMap socket) {
  /** Bodies stream and are never held whole, so their size is the origin's affair. */
  private static final long NO_LIMIT = -1;

  /** As the node's settings say; what a listener wants otherwise it sets afterwards. */
  static ServerOptions of(ListenerConfig config) {
    OptionMap server =
        OptionMap.builder()
            .set(UndertowOptions.MAX_HEADER_SIZE, config.maxHeaderBytes())
            .set(UndertowOptions.MAX_HEADERS, config.maxHeaders())
            .set(UndertowOptions.MAX_PARAMETERS, 10_000)
            .set(UndertowOptions.MAX_ENTITY_SIZE, NO_LIMIT)
            .set(UndertowOptions.REQUEST_PARSE_TIMEOUT, millis(config.headTimeout()))
            .set(UndertowOptions.NO_REQUEST_TIMEOUT, millis(config.idleTimeout()))
            .set(UndertowOptions.DECODE_URL, false)
            .set(UndertowOptions.ALWAYS_SET_DATE, true)
            .set(UndertowOptions.ALWAYS_SET_KEEP_ALIVE, false)
            .set(UndertowOptions.ENABLE_HTTP2, true)
            .set(UndertowOptions.HTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, config.door().streams())
            // FrameDoor counts them
            .set(UndertowOptions.MAX_RST_FRAMES_PER_WINDOW, Integer.MAX_VALUE)
            .set(UndertowOptions.ALLOW_UNESCAPED_CHARACTERS_IN_URL, false)
            .set(UndertowOptions.BUFFER_PIPELINED_DATA, true)
            .getMap();
    OptionMap socket =
        OptionMap.builder()
            .set(Options.BACKLOG, 4096)
            .set(Options.REUSE_ADDRESSES, true)
            .set(Options.TCP_NODELAY, true)
            .set(Options.CONNECTION_HIGH_WATER, config.maxConnections())
            .set(Options.CONNECTION_LOW_WATER, config.maxConnections())
            .set(Options.READ_TIMEOUT, millis(config.idleTimeout()))
            .set(Options.WRITE_TIMEOUT, millis(config.idleTimeout()))
            .getMap();
    return new ServerOptions(server, socket);
  }

  /** A builder with these and the settings' I/O threads: without a setting one for each core. */
  Undertow.Builder builder(ListenerConfig config, String name) {
    int threads =
        config.ioThreads() > 0 ? config.ioThreads() : Runtime.getRuntime().availableProcessors();
    Undertow.Builder builder =
        Undertow.builder()
            .setIoThreads(threads)
            .setWorkerThreads(1)
            .setWorkerOption(Options.WORKER_NAME, name);
    // Not one of those above: for readers over HTTP/1 it would watch in vain, see IdleWatch.
    builder.setServerOption(UndertowOptions.IDLE_TIMEOUT, millis(config.idleTimeout()));
    server.forEach(option -> server(builder, option));
    socket.forEach(option -> socket(builder, option));
    return builder;
  }

  private <T> void server(Undertow.Builder builder, Option<T> option) {
    builder.setServerOption(option, server.get(option));
  }

  private <T> void socket(Undertow.Builder builder, Option<T> option) {
    builder.setSocketOption(option, socket.get(option));
  }

  private static int millis(Duration duration) {
    return (int) duration.toMillis();
  }
}
