package dev.perigee.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Control planes under names: kept on this machine, for whoever works with several. */
final class ProfileCommands {
  private static final int MAX_TOKEN = 4_096;

  private ProfileCommands() {}

  @Command(
      name = "profile",
      description = {
        "Control planes under names of your own, with their tokens.",
        "An option goes before the environment, that before the profile in use, and that before"
            + " what perigee up starts."
      },
      subcommands = {Add.class, ListAll.class, Use.class, Remove.class})
  static final class Profile extends Commands.Group {}

  private static Profiles profiles() {
    return Profiles.of(System.getenv());
  }

  @Command(
      name = "add",
      description = {
        "Keep a control plane under a name: --api, and as it needs them --token-file, --ca-file.",
        "With --token-file - the token is read from the input and kept in the profile."
      })
  static final class Add extends Commands {
    @Parameters(paramLabel = "NAME", description = "letters, digits, dots, _ and -")
    String name = "";

    @Override
    public void run() {
      if (api == null) {
        throw new Failure(Failure.USAGE, "give the control plane's URL: --api https://HOST:PORT");
      }
      Target.base(api, "--api");
      Optional<Path> file = Optional.ofNullable(tokenFile).filter(path -> !isInput(path));
      Optional<String> token =
          Optional.ofNullable(tokenFile).filter(Add::isInput).map(path -> ofInput());
      file.ifPresent(Add::requireFile);
      Optional<Path> ca = Optional.ofNullable(caFile);
      ca.ifPresent(Trust::with);
      profiles()
          .keep(
              new Profiles.Profile(
                  name, api, token, file.map(Path::toAbsolutePath), ca.map(Path::toAbsolutePath)));
      if (json) {
        out().println("{}");
      } else {
        out()
            .printf(
                "kept %s: --profile %s, or for all commands perigee profile use %s%n",
                name, name, name);
      }
    }

    private static boolean isInput(Path path) {
      return path.equals(Path.of("-"));
    }

    private static void requireFile(Path file) {
      if (!Files.isReadable(file)) {
        throw new Failure(Failure.USAGE, "cannot be read: " + file + " (--token-file)");
      }
    }

    private static String ofInput() {
      try {
        byte[] read = System.in.readNBytes(MAX_TOKEN);
        String token = new String(read, StandardCharsets.UTF_8).strip();
        if (token.isEmpty() || !token.matches("[!-~]+")) {
          throw new Failure(Failure.USAGE, "the input holds no token on a line of its own");
        }
        return token;
      } catch (IOException e) {
        throw new Failure(Failure.USAGE, "the token cannot be read from the input");
      }
    }
  }

  @Command(name = "list", description = "All profiles; an asterisk is at the one in use.")
  static final class ListAll extends Commands {
    @Override
    public void run() {
      Optional<String> used = profiles().used();
      ObjectNode answer = JsonNodeFactory.instance.objectNode();
      Table table = new Table("", "NAME", "API", "TOKEN", "CA FILE");
      for (String name : profiles().names()) {
        Profiles.Profile one = profiles().named(name);
        boolean inUse = used.filter(name::equals).isPresent();
        String token =
            one.tokenFile()
                .map(Path::toString)
                .orElse(one.token().isPresent() ? "in the profile" : "PERIGEE_TOKEN");
        table.row(
            inUse ? "*" : "", name, one.api(), token, one.caFile().map(Path::toString).orElse("-"));
        ObjectNode item = answer.withArray("items").addObject();
        item.put("name", name).put("api", one.api()).put("inUse", inUse).put("token", token);
        one.caFile().ifPresent(file -> item.put("caFile", file.toString()));
      }
      answer.withArray("items");
      if (!asJson(answer)) {
        table.print(out());
      }
    }
  }

  @Command(name = "use", description = "Use this profile where nothing else is said.")
  static final class Use extends Commands {
    @Parameters(
        paramLabel = "NAME",
        arity = "0..1",
        description = "none where it is missing: then commands go to what perigee up starts")
    @Nullable String name;

    @Override
    public void run() {
      if (name == null) {
        profiles().useNone();
      } else {
        profiles().use(name);
      }
      out().println(json ? "{}" : "in use: " + (name == null ? "none, " + Target.LOCAL : name));
    }
  }

  @Command(name = "remove", description = "Forget a profile, and the token that is kept in it.")
  static final class Remove extends Commands {
    @Parameters(paramLabel = "NAME", description = "as profile list shows it")
    String name = "";

    @Override
    public void run() {
      profiles().remove(name);
      out().println(json ? "{}" : "removed " + name);
    }
  }
}
