import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * An origin that answers every GET after a fixed time: {@code java DelayOrigin.java ADDRESS PORT
 * MILLIS}. It keeps connections open and looks at nothing but where a request's head ends.
 */
public final class DelayOrigin {
  private static final byte[] ANSWER =
      ("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\n"
              + "Content-Length: 1024\r\n\r\n"
              + "x".repeat(1024))
          .getBytes(StandardCharsets.US_ASCII);

  private DelayOrigin() {}

  public static void main(String[] args) throws IOException {
    long millis = Long.parseLong(args[2]);
    try (ServerSocket server =
        new ServerSocket(Integer.parseInt(args[1]), 1024, InetAddress.getByName(args[0]))) {
      while (true) {
        Socket socket = server.accept();
        Thread.ofVirtual().start(() -> serve(socket, millis));
      }
    }
  }

  private static void serve(Socket socket, long millis) {
    try (socket) {
      socket.setTcpNoDelay(true);
      InputStream in = socket.getInputStream();
      OutputStream out = new BufferedOutputStream(socket.getOutputStream());
      byte[] buffer = new byte[8192];
      int ends = 0;
      for (int count = in.read(buffer); count > 0; count = in.read(buffer)) {
        for (int i = 0; i < count; i++) {
          // CR LF CR LF: both halves of the empty line.
          boolean expected = buffer[i] == (ends % 2 == 0 ? '\r' : '\n');
          ends = expected ? ends + 1 : buffer[i] == '\r' ? 1 : 0;
          if (ends == 4) {
            ends = 0;
            Thread.sleep(millis);
            out.write(ANSWER);
            out.flush();
          }
        }
      }
    } catch (IOException e) {
      // The proxy closed the connection.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
