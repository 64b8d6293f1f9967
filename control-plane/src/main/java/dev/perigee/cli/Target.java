package dev.perigee.cli;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Which control plane is spoken to, with which token, and where both were said: by option, else by
 * the environment, else by the profile that is used, else what {@code perigee up} made. A token
 * that a profile names goes to that profile's control plane alone.
 *
 * @param base ends with a slash
 * @param apiFrom for errors: "--api"
 * @param tokenFrom for errors: "PERIGEE_TOKEN"
 * @param caFile PEM trusted besides the system's
 */
record Target(URI base, String apiFrom, String token, String tokenFrom, Optional<Path> caFile) {
  static final String LOCAL = "http://127.0.0.1:7070";

  /** What options said; each of them may be missing. */
  record Asked(
      Optional<String> api,
      Optional<Path> tokenFile,
      Optional<Path> caFile,
      Optional<String> profile) {}

  /** A text and where it was said. */
  private record Said(String text, String from) {}

  /** Never the token. */
  @Override
  public String toString() {
    return base + " (" + apiFrom + ", token of " + tokenFrom + ")";
  }

  static Target of(Asked asked, Map<String, String> env, Profiles profiles) {
    Optional<Profiles.Profile> named = asked.profile().map(profiles::named);
    boolean elsewhere = asked.api().isPresent() || env.containsKey("PERIGEE_API");
    Optional<Profiles.Profile> profile =
        named.isPresent() || elsewhere
            ? named
            : Optional.ofNullable(env.get("PERIGEE_PROFILE"))
                .or(profiles::used)
                .map(profiles::named);
    Said api = api(asked, env, named, profile);
    URI base = base(api.text(), api.from());
    Said token = token(asked, env, named, profile, isHere(base));
    Optional<Path> trusted = Optional.ofNullable(env.get("PERIGEE_CA_FILE")).map(Path::of);
    Optional<Path> ca =
        asked
            .caFile()
            .or(() -> named.flatMap(Profiles.Profile::caFile))
            .or(() -> trusted)
            .or(() -> profile.flatMap(Profiles.Profile::caFile));
    return new Target(base, api.from(), token.text(), token.from(), ca);
  }

  /**
   * Whether that is this machine: the token that up wrote is of no use elsewhere, but to thieves.
   */
  private static boolean isHere(URI base) {
    String host = base.getHost();
    return host.equals("localhost")
        || host.equals("[::1]")
        || host.matches("127(\\.[0-9]{1,3}){3}");
  }

  private static Said api(
      Asked asked,
      Map<String, String> env,
      Optional<Profiles.Profile> named,
      Optional<Profiles.Profile> profile) {
    return asked
        .api()
        .map(url -> new Said(url, "--api"))
        .or(() -> named.map(one -> new Said(one.api(), "profile " + one.name())))
        .or(() -> Optional.ofNullable(env.get("PERIGEE_API")).map(u -> new Said(u, "PERIGEE_API")))
        .or(() -> profile.map(one -> new Said(one.api(), "profile " + one.name())))
        .orElse(new Said(LOCAL, "what perigee up starts"));
  }

  /** The URL, read. */
  static URI base(String url, String from) {
    URI base;
    try {
      base = URI.create(url.endsWith("/") ? url : url + "/");
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, "not a URL: " + url + " (" + from + ")");
    }
    boolean http = "http".equals(base.getScheme()) || "https".equals(base.getScheme());
    if (!http || base.getHost() == null) {
      throw new Failure(
          Failure.USAGE,
          "the API's URL is http://HOST:PORT or https://HOST:PORT: %s (%s)".formatted(url, from));
    }
    return base;
  }

  private static Said token(
      Asked asked,
      Map<String, String> env,
      Optional<Profiles.Profile> named,
      Optional<Profiles.Profile> profile,
      boolean here) {
    return asked
        .tokenFile()
        .map(file -> read(file, "--token-file " + file))
        .or(() -> itsOwn(asked, named).flatMap(Target::ofProfile))
        .or(
            () ->
                Optional.ofNullable(env.get("PERIGEE_TOKEN"))
                    .map(text -> new Said(text.strip(), "PERIGEE_TOKEN")))
        .or(() -> itsOwn(asked, profile).flatMap(Target::ofProfile))
        .or(() -> profile.isPresent() || !here ? Optional.empty() : found(env).map(Target::ofUp))
        .orElseThrow(() -> none(profile));
  }

  /** A profile's token goes to its own URL alone. */
  private static Optional<Profiles.Profile> itsOwn(
      Asked asked, Optional<Profiles.Profile> profile) {
    return profile.filter(one -> asked.api().isEmpty() || asked.api().get().equals(one.api()));
  }

  private static Optional<Said> ofProfile(Profiles.Profile profile) {
    String from = "profile " + profile.name();
    return profile
        .tokenFile()
        .map(file -> read(file, from + ", file " + file))
        .or(() -> profile.token().map(text -> new Said(text, from)));
  }

  private static Said ofUp(Path file) {
    return read(file, file.toString());
  }

  private static Said read(Path file, String from) {
    try {
      return new Said(Files.readString(file).strip(), from);
    } catch (IOException e) {
      throw new Failure(
          Failure.REFUSED,
          "the token in %s cannot be read: is the file there, and yours?".formatted(file));
    }
  }

  private static Failure none(Optional<Profiles.Profile> profile) {
    return new Failure(
        Failure.REFUSED,
        profile
            .map(
                one ->
                    "the profile %s has no token: set PERIGEE_TOKEN, or perigee profile add %s"
                            .formatted(one.name(), one.name())
                        + " --api "
                        + one.api()
                        + " --token-file FILE")
            .orElse(
                "no token: set PERIGEE_TOKEN, or give --token-file, or keep one with perigee"
                    + " profile add; for what perigee up started, run where .perigee/token lies"));
  }

  /** The token that {@code perigee up} wrote: here or in a folder above. */
  private static Optional<Path> found(Map<String, String> env) {
    if (env.containsKey("PERIGEE_DIR")) {
      return Optional.of(Path.of(env.get("PERIGEE_DIR"), "token"));
    }
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path file = at.resolve(".perigee").resolve("token");
      if (Files.exists(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }
}
