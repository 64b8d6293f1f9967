package dev.perigee.control;

import dev.perigee.control.dns.DnsFacts;
import dev.perigee.control.dns.DnsServer;
import dev.perigee.control.steer.HttpSteering;
import java.io.IOException;
import java.net.InetAddress;
import java.util.OptionalInt;

/** The ports at which readers and their resolvers are answered, as far as the duties have them. */
record Answering(
    Options options,
    SteeringParts parts,
    DnsFacts facts,
    OwnCertificateParts own,
    Running running,
    Metering metering) {
  /**
   * Opens them.
   *
   * @return what to say of them, each with a space before it
   */
  String start(byte[] cookieSecret) throws IOException {
    String said = "";
    if (options.has(Duty.DNS)) {
      DnsServer dns =
          running.keep(
              new DnsServer(
                  options.dns.config(),
                  parts.steering(),
                  parts.steering()::snapshot,
                  facts,
                  cookieSecret,
                  running.random(),
                  running.clock(),
                  running.nanos()));
      Running.named(
          "DNS " + String.join(",", options.dns.bind) + ":" + options.dns.port, dns::start);
      metering.dns(dns.counters());
      said += " dns=%s:%d".formatted(options.dns.bind.getFirst(), dns.port());
    }
    if (options.has(Duty.STEER)) {
      HttpSteering redirects =
          running.keep(
              new HttpSteering(
                  InetAddress.getByName(options.steerBind),
                  options.steerPort,
                  options.tls.steering(own, running, metering),
                  own.challenges(),
                  options.dns.zone(),
                  parts.steering()));
      Running.named("steering " + options.steerBind + ":" + options.steerPort, redirects::start);
      metering.redirects(redirects);
      said += " steer=http://%s:%d".formatted(options.steerBind, redirects.port());
      OptionalInt secure = redirects.securePort();
      if (secure.isPresent()) {
        said += " steer-tls=https://%s:%d".formatted(options.steerBind, secure.getAsInt());
      }
    }
    return said;
  }
}
