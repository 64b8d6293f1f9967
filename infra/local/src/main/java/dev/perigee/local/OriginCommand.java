package dev.perigee.local;

import dev.perigee.local.demo.DemoOrigin;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code perigee origin}, hidden: the demo site as a process of its own. */
@Command(name = "origin", hidden = true, description = "Serves the demo site.")
final class OriginCommand implements Callable<Integer> {
  /** Said on standard output once it answers. */
  static final String READY = "demo origin ready";

  @Option(names = "--bind", defaultValue = "127.0.0.1", description = "Address to listen on.")
  private String bind = "127.0.0.1";

  @Option(names = "--port", defaultValue = "7090", description = "Port to listen on.")
  private int port = Layout.ORIGIN_PORT;

  OriginCommand() {}

  @Override
  public Integer call() throws LocalException, InterruptedException {
    try (DemoOrigin origin =
        DemoOrigin.start(new InetSocketAddress(bind, port), InstantSource.system())) {
      System.out.println(READY + " on " + origin.address());
      new CountDownLatch(1).await();
      return 0;
    } catch (IOException e) {
      throw new LocalException("cannot listen on " + bind + ":" + port + ": " + e.getMessage(), e);
    }
  }
}
