package dev.perigee.local.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Every page and file of the shop by its path, made once at the start. */
final class Catalogue {
  private static final int PAGE_AGE = 60;
  private static final int FILE_AGE = 86_400;

  private final Map<String, Resource> resources = new HashMap<>();
  private final String template = text("page.html");

  Catalogue() {
    resources.put("/", page("The night is open", text("home.html") + cards(), List.of("home")));
    resources.put("/about", page("What this is", text("about.html"), List.of("about")));
    for (Product product : Product.ALL) {
      resources.put(product.path(), productPage(product));
      resources.put(product.picture(), picture(product));
    }
    resources.put("/assets/site.css", file("text/css; charset=utf-8", bytes("site.css")));
    resources.put("/favicon.svg", file("image/svg+xml", bytes("orbit.svg")));
    resources.put("/images/orbit.svg", file("image/svg+xml", bytes("orbit.svg")));
    resources.put("/images/moon.png", file("image/png", new MoonPicture(160).png()));
  }

  Optional<Resource> at(String path) {
    return Optional.ofNullable(resources.get(path));
  }

  /** A whole page round a body, for those that are made per request. */
  String inPage(String title, String body) {
    return template.replace("{{title}}", title).replace("{{body}}", body);
  }

  private Resource page(String title, String body, List<String> tags) {
    return Resource.html(inPage(title, body), PAGE_AGE, tags);
  }

  private Resource productPage(Product product) {
    String body =
        text("product.html")
            .replace("{{picture}}", product.picture())
            .replace("{{name}}", product.name())
            .replace("{{price}}", product.price())
            .replace("{{text}}", product.text())
            .replace("{{tag}}", product.tag());
    return page(product.name(), body, List.of("products", product.tag()));
  }

  private static Resource picture(Product product) {
    String svg =
        text("product.svg")
            .replace("{{hue}}", Integer.toString(product.hue()))
            .replace("{{angle}}", Integer.toString(product.number() * 45))
            .replace("{{name}}", product.name());
    List<String> tags = List.of("images", product.tag());
    return new Resource("image/svg+xml", svg.getBytes(StandardCharsets.UTF_8), FILE_AGE, tags);
  }

  private static Resource file(String contentType, byte[] body) {
    return new Resource(contentType, body, FILE_AGE, List.of("assets"));
  }

  private static String cards() {
    StringBuilder cards = new StringBuilder("<section class=\"cards\">\n");
    for (Product product : Product.ALL) {
      cards.append(
          """
          <a class="card" href="%s"><img src="%s" alt="" width="240" height="160">
          <strong>%s</strong><span>%s</span></a>
          """
              .formatted(product.path(), product.picture(), product.name(), product.price()));
    }
    return cards.append("</section>\n").toString();
  }

  private static String text(String name) {
    return new String(bytes(name), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String name) {
    try (InputStream in =
        Objects.requireNonNull(Catalogue.class.getResourceAsStream(name), () -> name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
