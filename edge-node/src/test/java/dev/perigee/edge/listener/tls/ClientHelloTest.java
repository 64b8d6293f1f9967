package dev.perigee.edge.listener.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;

/** The first words of real clients, whole, in pieces and broken. */
class ClientHelloTest {
  private static final int RECORD_HEAD = 5;

  private static byte[] hello(String name, String... schemes)
      throws GeneralSecurityException, SSLException {
    SSLEngine client = SSLContext.getDefault().createSSLEngine();
    client.setUseClientMode(true);
    SSLParameters parameters = client.getSSLParameters();
    if (!name.isEmpty()) {
      parameters.setServerNames(List.of(new SNIHostName(name)));
    }
    if (schemes.length > 0) {
      parameters.setSignatureSchemes(schemes);
    }
    client.setSSLParameters(parameters);
    ByteBuffer out = ByteBuffer.allocate(client.getSession().getPacketBufferSize());
    client.wrap(ByteBuffer.allocate(0), out);
    byte[] bytes = new byte[out.flip().remaining()];
    out.get(bytes);
    return bytes;
  }

  private static ClientHello whole(byte[] bytes) {
    return assertInstanceOf(ClientHello.Whole.class, ClientHello.peek(ByteBuffer.wrap(bytes)))
        .hello();
  }

  /** The same message in records of so many bytes. */
  private static byte[] records(byte[] hello, int bytes) {
    int message = hello.length - RECORD_HEAD;
    ByteBuffer out = ByteBuffer.allocate(message + RECORD_HEAD * (message / bytes + 1));
    for (int at = 0; at < message; at += bytes) {
      int length = Math.min(bytes, message - at);
      out.put(hello, 0, 3).putShort((short) length).put(hello, RECORD_HEAD + at, length);
    }
    byte[] made = new byte[out.flip().remaining()];
    out.get(made);
    return made;
  }

  @Test
  void theNameComesInLowerCase() throws Exception {
    assertEquals(Optional.of("www.shop.example"), whole(hello("WWW.shop.Example")).serverName());
    assertEquals(Optional.empty(), whole(hello("")).serverName());
  }

  @Test
  void whatFollowsIsToComeUntilTheLastByte() throws Exception {
    byte[] bytes = hello("www.shop.example");
    for (int length = 0; length < bytes.length; length++) {
      assertInstanceOf(
          ClientHello.Partial.class, ClientHello.peek(ByteBuffer.wrap(bytes, 0, length)));
    }
  }

  @Test
  void oneThatIsCutIntoManyRecordsIsReadAsOne() throws Exception {
    byte[] bytes = hello("www.shop.example");
    for (int piece : List.of(1, 3, 4, 5, 100)) {
      byte[] cut = records(bytes, piece);
      assertEquals(Optional.of("www.shop.example"), whole(cut).serverName(), piece + " bytes");
      assertInstanceOf(
          ClientHello.Partial.class, ClientHello.peek(ByteBuffer.wrap(cut, 0, cut.length - 1)));
    }
  }

  @Test
  void signatureSchemesSayWhichCertificateAClientTakes() throws Exception {
    assertTrue(whole(hello("a.example")).takesEcdsa(256));
    ClientHello rsa = whole(hello("a.example", "rsa_pss_rsae_sha256", "rsa_pkcs1_sha256"));
    assertFalse(rsa.takesEcdsa(256));
    ClientHello p384 = whole(hello("a.example", "ecdsa_secp384r1_sha384", "rsa_pss_rsae_sha256"));
    assertFalse(p384.takesEcdsa(256));
    assertTrue(p384.takesEcdsa(384));
  }

  @Test
  void whatIsNoHelloOrABrokenOneIsRefused() throws Exception {
    assertInstanceOf(
        ClientHello.Other.class,
        ClientHello.peek(StandardCharsets.US_ASCII.encode("GET / HTTP/1.1")));
    byte[] bytes = hello("www.shop.example");
    bytes[RECORD_HEAD] = 2; // a server's
    assertInstanceOf(ClientHello.Other.class, ClientHello.peek(ByteBuffer.wrap(bytes)));
    byte[] shorter = hello("www.shop.example");
    shorter[RECORD_HEAD + 3]--; // its extensions say more
    assertInstanceOf(ClientHello.Other.class, ClientHello.peek(ByteBuffer.wrap(shorter)));
    ByteBuffer endless = ByteBuffer.allocate(ClientHello.MOST_BYTES);
    endless.put(new byte[] {22, 3, 1, 0x3F, (byte) 0xF0, 1, 0, 0x3F, (byte) 0xFF}).rewind();
    assertInstanceOf(ClientHello.Other.class, ClientHello.peek(endless));
  }
}
