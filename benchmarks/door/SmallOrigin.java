import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;

/**
 * An origin that does so many things at once and no more: {@code SmallOrigin ADDRESS PORT SERVED
 * MILLIS}. Each request takes one of its places for that time, times what stands for {@code N} in
 * {@code /cost/N/…}; the others wait in the order in which they came. What is below {@code /hit/}
 * may be stored, and {@code /large/} as well, which is 4 MiB; nothing else.
 */
public final class SmallOrigin {
  private static final byte[] SMALL = "x".repeat(1024).getBytes(StandardCharsets.US_ASCII);
  private static final byte[] LARGE = "x".repeat(4 << 20).getBytes(StandardCharsets.US_ASCII);

  private SmallOrigin() {}

  public static void main(String[] args) throws IOException {
    Semaphore places = new Semaphore(Integer.parseInt(args[2]), true);
    long millis = Long.parseLong(args[3]);
    try (ServerSocket server =
        new ServerSocket(Integer.parseInt(args[1]), 4096, InetAddress.getByName(args[0]))) {
      while (true) {
        Socket socket = server.accept();
        Thread.ofVirtual().start(() -> serve(socket, places, millis));
      }
    }
  }

  private static void serve(Socket socket, Semaphore places, long millis) {
    try (socket) {
      socket.setTcpNoDelay(true);
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
      OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 64 * 1024);
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String path = line.split(" ", 3)[1];
        long body = 0;
        for (String field = in.readLine(); field != null && !field.isEmpty(); ) {
          if (field.regionMatches(true, 0, "Content-Length:", 0, 15)) {
            body = Long.parseLong(field.substring(15).strip());
          }
          field = in.readLine();
        }
        for (long i = 0; i < body; i++) {
          in.read();
        }
        long times = path.startsWith("/cost/") ? Long.parseLong(path.split("/", 4)[2]) : 1;
        places.acquire();
        try {
          Thread.sleep(times * millis);
        } finally {
          places.release();
        }
        answer(out, path);
      }
    } catch (IOException e) {
      // The edge closed the connection.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void answer(OutputStream out, String path) throws IOException {
    boolean isLarge = path.startsWith("/large/");
    boolean isStored = isLarge || path.startsWith("/hit/");
    byte[] body = isLarge ? LARGE : SMALL;
    String head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"1\"\r\nCache-Control: "
            + (isStored ? "max-age=86400" : "no-store")
            + "\r\nContent-Length: "
            + body.length
            + "\r\n\r\n";
    out.write(head.getBytes(StandardCharsets.US_ASCII));
    out.write(body);
    out.flush();
  }
}
