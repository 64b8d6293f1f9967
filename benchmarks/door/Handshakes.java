import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * A flood of TLS handshakes at no cost to whoever makes it: {@code Handshakes ADDRESS PORT HOST
 * AT-ONCE SECONDS}. Each client opens a connection from an address of its own, sends the same
 * ClientHello as all others, waits until the server has done its part, which is the costly one, and
 * begins again. Prints how many the server answered in a second, and how many came to nothing.
 */
public final class Handshakes {
  private static final int PATIENCE_MILLIS = 20_000;

  /** Of a record that has a handshake in it (RFC 8446, section 5.1). */
  private static final int HANDSHAKE = 22;

  private Handshakes() {}

  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[1]);
    byte[] hello = hello(args[2], port);
    long end = System.nanoTime() + Long.parseLong(args[4]) * 1_000_000_000;
    AtomicLong answered = new AtomicLong();
    AtomicLong failed = new AtomicLong();
    AtomicInteger client = new AtomicInteger();
    Thread[] threads = new Thread[Integer.parseInt(args[3])];
    for (int i = 0; i < threads.length; i++) {
      threads[i] =
          Thread.ofVirtual()
              .start(
                  () -> {
                    while (System.nanoTime() < end) {
                      boolean is = isAnswered(args[0], port, client.getAndIncrement(), hello);
                      (is ? answered : failed).incrementAndGet();
                    }
                  });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    long seconds = Long.parseLong(args[4]);
    System.out.println(
        "handshakes " + answered.get() / seconds + " failed " + failed.get() / seconds);
  }

  private static byte[] hello(String host, int port) throws IOException, GeneralSecurityException {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine(host, port);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setServerNames(List.of(new SNIHostName(host)));
    parameters.setApplicationProtocols(new String[] {"http/1.1"});
    engine.setSSLParameters(parameters);
    engine.setUseClientMode(true);
    ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(ByteBuffer.allocate(0), record);
    byte[] hello = new byte[record.flip().remaining()];
    record.get(hello);
    return hello;
  }

  private static boolean isAnswered(String address, int port, int client, byte[] hello) {
    int number = client % (250 * 200);
    String from = "127.3." + number / 250 + "." + (1 + number % 250);
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.bind(new InetSocketAddress(from, 0));
      socket.connect(new InetSocketAddress(address, port), PATIENCE_MILLIS);
      socket.getOutputStream().write(hello);
      InputStream in = socket.getInputStream();
      return in.read() == HANDSHAKE;
    } catch (IOException e) {
      return false;
    }
  }
}
