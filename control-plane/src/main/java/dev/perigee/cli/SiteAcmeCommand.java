package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Whether a site's certificate is got of an authority, and how far that is: shown, or changed. */
@Command(
    name = "acme",
    description = "A certificate that is got of an authority: how far it is, or how it is got.")
final class SiteAcmeCommand extends Commands.SiteStaged {

  @Parameters(index = "0", paramLabel = "SITE", description = "its id or one of its hosts")
  String site = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "CHALLENGE",
      description = "http-01, dns-01 (for wildcards too), or off")
  @Nullable String challenge;

  @Option(names = "--retry", description = "order it at once, where that failed before")
  boolean retry;

  @Override
  public void run() {
    String path = "v1/sites/" + ApiClient.part(site);
    if (challenge != null) {
      ObjectNode found = client().get(path).deepCopy();
      found.put("acme", challenge);
      replace(path, found);
    }
    JsonNode state =
        retry
            ? client().post(path + "/acme/retry", Optional.empty())
            : client().get(path + "/acme");
    if (!asJson(state)) {
      out().println(state.path("site").asText() + ": " + summary(state));
    }
  }

  /** One line for people. */
  static String summary(JsonNode state) {
    String challenge = state.path("challenge").asText();
    String until = until(state);
    String word = state.path("state").asText();
    return switch (word) {
      case "off" -> "off";
      case "not-agreed" -> challenge + ", but the control plane was not started with --acme-agree";
      case "uploaded" -> challenge + ", not needed: certificates that were uploaded name all hosts";
      case "ordering" -> challenge + until + "; being ordered: " + state.path("step").asText();
      case "failing" ->
          challenge
              + until
              + "; failed, again at %s: %s"
                  .formatted(state.path("nextTry").asText(), state.path("problem").asText());
      case "issued" -> challenge + until + "; renewed at " + state.path("nextTry").asText();
      default -> challenge + "; " + word;
    };
  }

  private static String until(JsonNode state) {
    return state.has("notAfter")
        ? "; valid until " + state.path("notAfter").asText()
        : "; no certificate yet";
  }
}
