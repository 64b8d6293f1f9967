package dev.perigee.control.dns;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/**
 * Packets to answers for any number of threads, as TCP's connections have them: a responder is
 * taken for each and given back, so that there are no more than answers at one time.
 */
final class DnsPackets {
  private final Supplier<DnsResponder> responders;
  private final ConcurrentLinkedQueue<DnsResponder> idle = new ConcurrentLinkedQueue<>();

  DnsPackets(Supplier<DnsResponder> responders) {
    this.responders = responders;
  }

  /** The answer; empty when the packet deserves none. */
  Optional<byte[]> answer(byte[] packet, InetAddress source, boolean udp) {
    DnsResponder free = idle.poll();
    DnsResponder responder = free == null ? responders.get() : free;
    int length = responder.answer(packet, packet.length, source.getAddress(), udp);
    Optional<byte[]> answer =
        length == 0 ? Optional.empty() : Optional.of(Arrays.copyOf(responder.bytes(), length));
    idle.add(responder);
    return answer;
  }
}
