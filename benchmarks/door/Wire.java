import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** One connection of a client, from an address of its own, in clear text or over TLS. */
final class Wire implements AutoCloseable {
  /** Clients beyond that begin again with the first address. */
  private static final int ADDRESSES = 250 * 200;

  private static final int PATIENCE_MILLIS = 60_000;
  private static final SSLContext TLS = anybody();

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  private Wire(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream(), 2048);
    this.out = socket.getOutputStream();
  }

  /** The server here is a test's own, so whatever certificate it has is right. */
  private static SSLContext anybody() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      TrustManager all =
          new X509TrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type) {}

            @Override
            public X509Certificate[] getAcceptedIssuers() {
              return new X509Certificate[0];
            }
          };
      context.init(null, new TrustManager[] {all}, new SecureRandom());
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Opens one.
   *
   * @param protocol {@code http}, {@code https} or {@code h2}
   * @param net second octet of the address that it comes from
   * @param client number of the address that it comes from
   */
  static Wire open(String protocol, String address, int port, String host, int net, int client)
      throws IOException {
    int number = client % ADDRESSES;
    String from = "127." + net + "." + number / 250 + "." + (1 + number % 250);
    Socket plain = new Socket();
    plain.setTcpNoDelay(true);
    plain.setSoTimeout(PATIENCE_MILLIS);
    plain.bind(new InetSocketAddress(from, 0));
    plain.connect(new InetSocketAddress(address, port), PATIENCE_MILLIS);
    if (protocol.equals("http")) {
      return new Wire(plain);
    }
    SSLSocket secure = (SSLSocket) TLS.getSocketFactory().createSocket(plain, host, port, true);
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setServerNames(List.of(new SNIHostName(host)));
    parameters.setApplicationProtocols(new String[] {protocol.equals("h2") ? "h2" : "http/1.1"});
    secure.setSSLParameters(parameters);
    secure.startHandshake();
    return new Wire(secure);
  }

  /** The status of an answer, whose body has been read. */
  int get(String host, String path) throws IOException {
    out.write(
        ("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    int status = Integer.parseInt(line().split(" ", 3)[1]);
    long length = -1;
    boolean isChunked = false;
    for (String field = line(); !field.isEmpty(); field = line()) {
      String lower = field.toLowerCase(Locale.ROOT);
      if (lower.startsWith("content-length:")) {
        length = Long.parseLong(lower.substring(15).strip());
      }
      isChunked |= lower.startsWith("transfer-encoding:");
    }
    if (isChunked || length < 0) {
      throw new IOException("an answer without a length: " + status);
    }
    in.skipNBytes(length);
    return status;
  }

  /** The same over HTTP/2, once, as the connection's first request: its preface and one stream. */
  void getFirstOfHttp2(String host) throws IOException {
    byte[] name = host.getBytes(StandardCharsets.US_ASCII);
    byte[] path = "/hit/1".getBytes(StandardCharsets.US_ASCII);
    out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    out.write(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
    // RFC 7541: GET and https of the static table, then two literals with names from there.
    out.write(new byte[] {0, 0, (byte) (6 + name.length + path.length), 1, 5, 0, 0, 0, 1});
    out.write(new byte[] {(byte) 0x82, (byte) 0x87, 0x04, (byte) path.length});
    out.write(path);
    out.write(new byte[] {0x01, (byte) name.length});
    out.write(name);
    out.flush();
    while (true) {
      byte[] head = in.readNBytes(9);
      if (head.length < 9) {
        throw new EOFException("closed before the end of the answer");
      }
      in.skipNBytes((head[0] & 0xff) << 16 | (head[1] & 0xff) << 8 | head[2] & 0xff);
      if (head[3] == 3 || head[3] == 7) {
        throw new IOException("ended by a frame of type " + head[3]);
      }
      if (head[8] == 1 && head[3] <= 1 && (head[4] & 1) != 0) {
        return;
      }
    }
  }

  /** Whether the other end has closed it; waits no longer than a moment. */
  boolean isClosed() throws IOException {
    socket.setSoTimeout(1);
    try {
      return in.read() < 0;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    }
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder(64);
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new EOFException("closed within a line");
      }
      if (next != '\r') {
        line.append((char) next);
      }
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
