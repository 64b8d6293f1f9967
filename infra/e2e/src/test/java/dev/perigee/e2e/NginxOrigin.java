package dev.perigee.e2e;

import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** Debian's nginx as one process without a master, with all its files in a folder of the test. */
final class NginxOrigin implements Origin {
  private final RunningProcess process;
  private final Path accessLog;
  private final String url;

  private NginxOrigin(RunningProcess process, Path accessLog, String url) {
    this.process = process;
    this.accessLog = accessLog;
    this.url = url;
  }

  static NginxOrigin start(Path nginx, Path parent, String address, int port) throws IOException {
    return start(nginx, parent, address, port, "");
  }

  /**
   * @param option of {@code listen}, such as {@code proxy_protocol}
   */
  static NginxOrigin start(Path nginx, Path parent, String address, int port, String option)
      throws IOException {
    Path folder = Files.createDirectories(parent.resolve("nginx"));
    Path config = Files.writeString(folder.resolve("nginx.conf"), config(address, port, option));
    List<String> command =
        List.of(
            nginx.toString(),
            "-p",
            folder.toString(),
            "-c",
            config.toString(),
            "-e",
            folder.resolve("error.log").toString());
    RunningProcess process = RunningProcess.start("nginx", folder, Map.of(), command);
    Awaitility.await("nginx listens")
        .atMost(Duration.ofSeconds(10))
        .until(() -> answers(process, address, port));
    String url = "http://" + address + ":" + port;
    return new NginxOrigin(process, folder.resolve("access.log"), url);
  }

  @Override
  public String url() {
    return url;
  }

  @Override
  public long fetches(String target) {
    try (Stream<String> lines = Files.lines(accessLog)) {
      return lines.filter(target::equals).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.close();
  }

  private static boolean answers(RunningProcess process, String address, int port) {
    if (!process.isAlive()) {
      throw new AssertionError("nginx ended: " + process.output());
    }
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), 500);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static String config(String address, int port, String option) {
    return """
    daemon off;
    master_process off;
    pid nginx.pid;
    events { worker_connections 512; }
    http {
      log_format target '$request_uri';
      access_log access.log target;
      client_body_temp_path client;
      proxy_temp_path proxy;
      fastcgi_temp_path fastcgi;
      uwsgi_temp_path uwsgi;
      scgi_temp_path scgi;
      server {
        listen %s:%d %s;
        location ~ ^/(?<tag>[a-z0-9-]+)/ {
          default_type text/plain;
          add_header Cache-Control 'public, max-age=864000';
          add_header Surrogate-Key $tag;
          add_header ETag '"v1"';
          add_header X-Told $proxy_protocol_addr;
          return 200 'this is $request_uri of $http_host\\n';
        }
      }
    }
    """
        .formatted(address, port, option);
  }
}
