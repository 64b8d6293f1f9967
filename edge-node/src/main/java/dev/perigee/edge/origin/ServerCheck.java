package dev.perigee.edge.origin;

import dev.perigee.contract.HealthCheck;
import dev.perigee.contract.Limits;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.StatusPattern;
import dev.perigee.edge.origin.pool.CheckResult;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** One health check of one server, by a connection of its own; blocks, for a virtual thread. */
final class ServerCheck {
  private static final int HEAD_BYTES = 16 * 1024;
  private static final int LEAST_STATUS_LINE = "HTTP/1.1 200".length();
  private static final int END_OF_HEAD = 4;
  private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *([0-9]{1,9})");
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final OriginUrl server;
  private final HealthCheck check;
  private final OriginTransport transport;
  private final Predicate<InetAddress> mayConnect;
  private final SSLContext tls;
  private final LongSupplier nanos;
  private long deadline;

  /**
   * @param mayConnect whether this node may connect to an address
   */
  ServerCheck(
      OriginUrl server,
      HealthCheck check,
      OriginTransport transport,
      Predicate<InetAddress> mayConnect,
      SSLContext tls,
      LongSupplier nanos) {
    this.server = server;
    this.check = check;
    this.transport = transport;
    this.mayConnect = mayConnect;
    this.tls = tls;
    this.nanos = nanos;
  }

  /** Tries it once. */
  CheckResult run() {
    deadline = nanos.getAsLong() + check.timeoutMillis() * NANOS_PER_MILLI;
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(bare(server.host()));
    } catch (UnknownHostException e) {
      return CheckResult.NAME;
    }
    CheckResult result = CheckResult.FORBIDDEN_ADDRESS;
    for (InetAddress address : addresses) {
      if (mayConnect.test(address) && result != CheckResult.PASSED) {
        result = run(address);
      }
    }
    return result;
  }

  private CheckResult run(InetAddress address) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, server.port()), left());
      if (transport.proxyProtocol() > 0) {
        socket.getOutputStream().write(ProxyHeader.local(transport.proxyProtocol()).array());
      }
      return switch (check.kind()) {
        case TCP -> CheckResult.PASSED;
        case TLS -> {
          handshake(socket).close();
          yield CheckResult.PASSED;
        }
        case HTTP -> {
          boolean secured = server.scheme().equals("https");
          yield ask(secured ? handshake(socket) : socket);
        }
      };
    } catch (SSLException e) {
      return CheckResult.TLS;
    } catch (SocketTimeoutException e) {
      return CheckResult.TIMEOUT;
    } catch (IOException e) {
      return CheckResult.CONNECT;
    }
  }

  private int left() throws SocketTimeoutException {
    long millis = (deadline - nanos.getAsLong()) / NANOS_PER_MILLI;
    if (millis <= 0) {
      throw new SocketTimeoutException();
    }
    return (int) millis;
  }

  private SSLSocket handshake(Socket plain) throws IOException {
    OriginPeer peer = OriginPeer.of(server, transport, "");
    SSLSocket secured =
        (SSLSocket)
            tls.getSocketFactory().createSocket(plain, peer.serverName(), server.port(), true);
    SSLParameters parameters = peer.parameters(secured.getSSLParameters());
    // Checks speak HTTP/1.1, whatever readers' requests go by.
    parameters.setApplicationProtocols(new String[0]);
    secured.setSSLParameters(parameters);
    secured.setSoTimeout(left());
    secured.startHandshake();
    return secured;
  }

  private CheckResult ask(Socket socket) throws IOException {
    String request =
        "GET "
            + check.path()
            + " HTTP/1.1\r\nHost: "
            + host()
            + "\r\nUser-Agent: perigee-health\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return judge(read(socket));
  }

  private String host() {
    if (!check.host().isEmpty()) {
      return check.host();
    }
    return transport.host().isEmpty() ? server.authority() : transport.host();
  }

  /** What is needed to judge by, and no more. */
  private String read(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] part = new byte[4096];
    String answer = "";
    while (bytes.size() < HEAD_BYTES + Limits.CHECK_BODY_BYTES && !isEnough(answer)) {
      socket.setSoTimeout(left());
      int count = in.read(part);
      if (count < 0) {
        break;
      }
      bytes.write(part, 0, count);
      answer = bytes.toString(StandardCharsets.UTF_8);
    }
    return answer;
  }

  /** Whether more of the answer would change nothing. */
  private boolean isEnough(String answer) {
    if (answer.length() < LEAST_STATUS_LINE) {
      return false;
    }
    CheckResult soFar = judge(answer);
    if (soFar != CheckResult.BODY) {
      return true;
    }
    int head = answer.indexOf("\r\n\r\n");
    Matcher length = LENGTH.matcher(head < 0 ? "" : answer.substring(0, head));
    return length.find()
        && answer.length() - head - END_OF_HEAD >= Integer.parseInt(length.group(1));
  }

  private CheckResult judge(String answer) {
    boolean http =
        answer.length() >= LEAST_STATUS_LINE
            && answer.startsWith("HTTP/1.")
            && answer.substring(8, LEAST_STATUS_LINE).matches(" [1-5][0-9]{2}");
    if (!http) {
      return CheckResult.BAD_RESPONSE;
    }
    int status = Integer.parseInt(answer.substring(9, LEAST_STATUS_LINE));
    if (!StatusPattern.anyFits(check.statuses(), status)) {
      return CheckResult.STATUS;
    }
    int body = answer.indexOf("\r\n\r\n");
    boolean found =
        check.body().isEmpty() || (body >= 0 && answer.indexOf(check.body(), body) >= 0);
    return found ? CheckResult.PASSED : CheckResult.BODY;
  }

  private static String bare(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }
}
