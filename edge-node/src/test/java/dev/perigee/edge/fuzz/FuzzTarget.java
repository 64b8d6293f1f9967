package dev.perigee.edge.fuzz;

import dev.perigee.edge.conformance.HeadFuzz;
import dev.perigee.edge.listener.ClientFuzz;
import dev.perigee.edge.listener.ProxyHeaderFuzz;
import dev.perigee.edge.listener.RequestFuzz;
import dev.perigee.edge.listener.tls.ClientHelloFuzz;
import dev.perigee.edge.origin.Http2Fuzz;
import dev.perigee.edge.origin.ResponseFuzz;
import dev.perigee.edge.store.IndexFuzz;
import dev.perigee.edge.store.JournalFuzz;
import dev.perigee.edge.store.RecordFuzz;
import java.nio.file.Path;

/** What reads bytes that nobody vouches for, each with its corpus. */
enum FuzzTarget {
  HEAD(HeadFuzz.class),
  CLIENT_HELLO(ClientHelloFuzz.class),
  PROXY_HEADER(ProxyHeaderFuzz.class),
  CLIENT(ClientFuzz.class),
  REQUEST(RequestFuzz.class),
  RESPONSE(ResponseFuzz.class),
  HTTP2(Http2Fuzz.class),
  RECORD(RecordFuzz.class),
  JOURNAL(JournalFuzz.class),
  INDEX(IndexFuzz.class);

  private final Class<?> target;

  FuzzTarget(Class<?> target) {
    this.target = target;
  }

  String className() {
    return target.getName();
  }

  /** Inputs that are worth trying always: one of each kind, and whatever a fuzzer has found. */
  Path corpus() {
    return Path.of("src/test/resources/fuzz", target.getSimpleName()).toAbsolutePath();
  }

  void run(byte[] input) {
    switch (this) {
      case HEAD -> HeadFuzz.fuzzerTestOneInput(input);
      case CLIENT_HELLO -> ClientHelloFuzz.fuzzerTestOneInput(input);
      case PROXY_HEADER -> ProxyHeaderFuzz.fuzzerTestOneInput(input);
      case CLIENT -> ClientFuzz.fuzzerTestOneInput(input);
      case REQUEST -> RequestFuzz.fuzzerTestOneInput(input);
      case RESPONSE -> ResponseFuzz.fuzzerTestOneInput(input);
      case HTTP2 -> Http2Fuzz.fuzzerTestOneInput(input);
      case RECORD -> RecordFuzz.fuzzerTestOneInput(input);
      case JOURNAL -> JournalFuzz.fuzzerTestOneInput(input);
      case INDEX -> IndexFuzz.fuzzerTestOneInput(input);
    }
  }
}
