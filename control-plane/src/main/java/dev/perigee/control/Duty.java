package dev.perigee.control;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What a control plane's process does; every one of them has steering and what that needs. */
enum Duty {
  /** The API and console, the streams of edges, and the keeping of the logs. */
  API,
  /** The DNS server. */
  DNS,
  /** The HTTP port that redirects readers. */
  STEER;

  /** As options and lines of logs name it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads one duty. */
  static final class Converter implements ITypeConverter<Duty> {
    @Override
    public Duty convert(String text) {
      return Arrays.stream(values())
          .filter(duty -> duty.word().equals(text))
          .findFirst()
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "'%s' is no duty; duties are %s"
                          .formatted(
                              text,
                              Arrays.stream(values())
                                  .map(Duty::word)
                                  .collect(Collectors.joining(", ")))));
    }
  }
}
