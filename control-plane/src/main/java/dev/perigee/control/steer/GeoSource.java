package dev.perigee.control.steer;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Where a newer GeoIP file comes from: a file, or a URL that is asked and no other. */
sealed interface GeoSource {
  /**
   * Writes what lies there into a file.
   *
   * @param suffix added to the name: what lies beside it
   * @param most bytes; more is a failure
   * @throws FileNotFoundException when there is no such thing
   */
  void write(String suffix, Path to, long most) throws IOException;

  /** Whether what it gives can be trusted to come from where it says. */
  boolean isAuthentic();

  /**
   * A source by what an operator wrote.
   *
   * @param time for all of one download
   */
  static GeoSource of(String from, Duration time) throws IOException {
    if (!from.matches("(?i)https?://.*")) {
      return new OfFile(Path.of(from));
    }
    try {
      URI uri = new URI(from);
      if (uri.getHost() == null || uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
        throw new IOException("not a URL to download from: " + from);
      }
      return new OfUrl(uri, time);
    } catch (java.net.URISyntaxException e) {
      throw new IOException("not a URL to download from: " + from, e);
    }
  }

  /** A file of this machine. */
  record OfFile(Path file) implements GeoSource {
    @Override
    public void write(String suffix, Path to, long most) throws IOException {
      Path beside = file.resolveSibling(file.getFileName() + suffix);
      try (InputStream in = Files.newInputStream(beside);
          var out = Files.newOutputStream(to)) {
        byte[] buffer = new byte[1 << 16];
        long left = most;
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          left -= count;
          if (left < 0) {
            throw new IOException(beside + " has more than " + most + " bytes");
          }
          out.write(buffer, 0, count);
        }
      } catch (NoSuchFileException e) {
        throw new FileNotFoundException(beside + " is not there");
      }
    }

    @Override
    public boolean isAuthentic() {
      return true;
    }
  }

  /** What a server gives. */
  record OfUrl(URI uri, Duration time) implements GeoSource {
    private static final Duration CONNECT = Duration.ofSeconds(10);

    @Override
    public void write(String suffix, Path to, long most) throws IOException {
      URI beside = suffix.isEmpty() ? uri : URI.create(beside(uri.toString(), suffix));
      try (HttpClient client =
          HttpClient.newBuilder()
              .connectTimeout(CONNECT)
              .followRedirects(HttpClient.Redirect.NEVER)
              .build()) {
        HttpRequest request = HttpRequest.newBuilder(beside).timeout(time).build();
        CompletableFuture<HttpResponse<Path>> answer =
            client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofFile(to), most));
        try {
          require(beside, answer.get(time.toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
          throw new IOException(beside + " took longer than " + time.toSeconds() + " s", e);
        } catch (ExecutionException e) {
          throw new IOException(beside + " cannot be downloaded: " + e.getCause(), e);
        } finally {
          client.shutdownNow();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }

    /** With the suffix behind the path, before a query. */
    private static String beside(String url, String suffix) {
      int query = url.indexOf('?');
      return query < 0 ? url + suffix : url.substring(0, query) + suffix + url.substring(query);
    }

    private static void require(URI asked, HttpResponse<Path> answer) throws IOException {
      int status = answer.statusCode();
      if (status / 100 == 3) {
        throw new IOException(
            "%s answers from elsewhere, %s: give that URL, if it is to be trusted"
                .formatted(asked, answer.headers().firstValue("Location").orElse("unnamed")));
      }
      if (status == 404 || status == 410) {
        throw new FileNotFoundException(asked + " is not there");
      }
      if (status != 200) {
        throw new IOException(asked + " answers with status " + status);
      }
    }

    @Override
    public boolean isAuthentic() {
      return uri.getScheme().equalsIgnoreCase("https");
    }
  }
}
