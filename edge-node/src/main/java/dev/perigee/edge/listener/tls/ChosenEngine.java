package dev.perigee.edge.listener.tls;

import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BiFunction;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * A server's engine that is chosen by the client's first words, in the form in which Undertow
 * expects one. Undertow sets session creation, parameters and an ALPN selector, which netty's
 * engine refuses or would lose its server name check by: all of that is fixed by whoever chooses,
 * so it is passed over here. Native memory is given back when both directions are closed; netty's
 * finaliser is the backstop.
 */
final class ChosenEngine extends SSLEngine {
  private final Choice choice;
  private final SSLSession none;
  private final Runnable refused;
  private @Nullable SSLEngine engine;
  private boolean begun;
  private boolean inboundClosed;
  private boolean outboundClosed;
  private boolean released;
  private boolean wrappedBytes;
  private boolean settled;
  private @Nullable SSLException failure;
  private @Nullable ReaderTrust asking;

  /** Chooses an engine. */
  @FunctionalInterface
  interface Choice {
    NamedTls.Made by(ClientHello.Peeked first) throws SSLException;
  }

  /**
   * One that is not chosen yet.
   *
   * @param none the session until then
   * @param refused told where the handshake of who was asked for a certificate fails
   */
  ChosenEngine(Choice choice, SSLSession none, Runnable refused) {
    this.choice = choice;
    this.none = none;
    this.refused = refused;
  }

  @Override
  public SSLEngineResult wrap(ByteBuffer source, ByteBuffer target) throws SSLException {
    return wrap(new ByteBuffer[] {source}, 0, 1, target);
  }

  @Override
  public SSLEngineResult wrap(ByteBuffer[] sources, int offset, int length, ByteBuffer target)
      throws SSLException {
    SSLEngine chosen = engine;
    if (chosen == null) {
      return unchosen(outboundClosed ? Status.CLOSED : Status.OK);
    }
    try {
      SSLEngineResult result = chosen.wrap(sources, offset, length, target);
      wrappedBytes = result.bytesProduced() > 0;
      return seen(result);
    } catch (SSLException e) {
      failed();
      return failedAfterAlert(e);
    }
  }

  private SSLEngineResult unchosen(Status status) {
    return new SSLEngineResult(status, getHandshakeStatus(), 0, 0);
  }

  /**
   * A handshake fails here right after its alert was wrapped, while Undertow, which wraps as long
   * as more is wanted, has not sent that alert yet: the failure waits for the next unwrap.
   */
  private SSLEngineResult failedAfterAlert(SSLException thrown) throws SSLException {
    if (!wrappedBytes || failure != null) {
      throw thrown;
    }
    failure = thrown;
    return new SSLEngineResult(Status.CLOSED, HandshakeStatus.NOT_HANDSHAKING, 0, 0);
  }

  @Override
  public SSLEngineResult unwrap(ByteBuffer source, ByteBuffer target) throws SSLException {
    return unwrap(source, new ByteBuffer[] {target}, 0, 1);
  }

  @Override
  public SSLEngineResult unwrap(ByteBuffer source, ByteBuffer[] targets, int offset, int length)
      throws SSLException {
    if (failure != null) {
      throw failure;
    }
    SSLEngine chosen = engine;
    if (chosen == null) {
      if (inboundClosed) {
        return unchosen(Status.CLOSED);
      }
      ClientHello.Peeked first = ClientHello.peek(source);
      if (first instanceof ClientHello.Partial) {
        return unchosen(Status.BUFFER_UNDERFLOW);
      }
      chosen = choose(first);
    }
    try {
      return seen(chosen.unwrap(source, targets, offset, length));
    } catch (SSLException e) {
      failed();
      throw e;
    }
  }

  private SSLEngineResult seen(SSLEngineResult result) {
    settled |= result.getHandshakeStatus() == HandshakeStatus.FINISHED;
    return result;
  }

  /** Counts a handshake that fails, once. */
  private void failed() {
    if (asking != null && !settled) {
      refused.run();
    }
    settled = true;
  }

  private SSLEngine choose(ClientHello.Peeked first) throws SSLException {
    NamedTls.Made made = choice.by(first);
    SSLEngine chosen = made.engine();
    engine = chosen;
    asking = made.asking().orElse(null);
    if (begun) {
      chosen.beginHandshake();
    }
    return chosen;
  }

  @Override
  public @Nullable Runnable getDelegatedTask() {
    SSLEngine chosen = engine;
    return chosen == null ? null : chosen.getDelegatedTask();
  }

  @Override
  public void closeInbound() throws SSLException {
    inboundClosed = true;
    SSLEngine chosen = engine;
    if (chosen != null) {
      try {
        chosen.closeInbound();
      } finally {
        releaseWhenClosed(chosen);
      }
    }
  }

  @Override
  public boolean isInboundDone() {
    SSLEngine chosen = engine;
    return chosen == null ? inboundClosed : chosen.isInboundDone();
  }

  @Override
  public void closeOutbound() {
    outboundClosed = true;
    SSLEngine chosen = engine;
    if (chosen != null) {
      chosen.closeOutbound();
      releaseWhenClosed(chosen);
    }
  }

  @Override
  public boolean isOutboundDone() {
    SSLEngine chosen = engine;
    return chosen == null ? outboundClosed : chosen.isOutboundDone();
  }

  private void releaseWhenClosed(SSLEngine chosen) {
    if (chosen.isInboundDone()
        && chosen.isOutboundDone()
        && !released
        && chosen instanceof ReferenceCountedOpenSslEngine netty) {
      released = true;
      netty.release();
    }
  }

  @Override
  public String[] getSupportedCipherSuites() {
    return NamedTls.SUITES.toArray(String[]::new);
  }

  @Override
  public String[] getEnabledCipherSuites() {
    return NamedTls.SUITES.toArray(String[]::new);
  }

  @Override
  public void setEnabledCipherSuites(String[] suites) {
    // fixed by the choice
  }

  @Override
  public String[] getSupportedProtocols() {
    return TlsProfile.INTERMEDIATE.protocols();
  }

  @Override
  public String[] getEnabledProtocols() {
    return TlsProfile.INTERMEDIATE.protocols();
  }

  @Override
  public void setEnabledProtocols(String[] protocols) {
    // fixed by the choice
  }

  @Override
  public SSLSession getSession() {
    SSLEngine chosen = engine;
    if (chosen == null) {
      return none;
    }
    SSLSession session = chosen.getSession();
    if (asking != null) {
      AskedReader.note(session, asking);
    }
    return session;
  }

  @Override
  public @Nullable SSLSession getHandshakeSession() {
    SSLEngine chosen = engine;
    return chosen == null ? null : chosen.getHandshakeSession();
  }

  @Override
  public void beginHandshake() throws SSLException {
    begun = true;
    SSLEngine chosen = engine;
    if (chosen != null) {
      chosen.beginHandshake();
    }
  }

  @Override
  public HandshakeStatus getHandshakeStatus() {
    SSLEngine chosen = engine;
    if (chosen != null) {
      return chosen.getHandshakeStatus();
    }
    return begun && !inboundClosed && !outboundClosed
        ? HandshakeStatus.NEED_UNWRAP
        : HandshakeStatus.NOT_HANDSHAKING;
  }

  @Override
  public void setUseClientMode(boolean client) {
    if (client) {
      throw new IllegalArgumentException("it is a server's engine");
    }
  }

  @Override
  public boolean getUseClientMode() {
    return false;
  }

  @Override
  public void setNeedClientAuth(boolean need) {
    // fixed by the choice
  }

  @Override
  public boolean getNeedClientAuth() {
    SSLEngine chosen = engine;
    return chosen != null && chosen.getNeedClientAuth();
  }

  @Override
  public void setWantClientAuth(boolean want) {
    // fixed by the choice
  }

  @Override
  public boolean getWantClientAuth() {
    SSLEngine chosen = engine;
    return chosen != null && chosen.getWantClientAuth();
  }

  @Override
  public void setEnableSessionCreation(boolean enable) {
    // fixed by the choice
  }

  @Override
  public boolean getEnableSessionCreation() {
    return true;
  }

  @Override
  public SSLParameters getSSLParameters() {
    return new SSLParameters(getEnabledCipherSuites(), getEnabledProtocols());
  }

  @Override
  public void setSSLParameters(SSLParameters parameters) {
    // fixed by the choice, the server name check among them
  }

  @Override
  public String getApplicationProtocol() {
    String negotiated =
        switch (engine) {
          case null -> null;
          case ReferenceCountedOpenSslEngine netty -> netty.getNegotiatedApplicationProtocol();
          case SSLEngine jdk -> jdk.getApplicationProtocol();
        };
    return negotiated == null ? "" : negotiated;
  }

  @Override
  public String getHandshakeApplicationProtocol() {
    return getApplicationProtocol();
  }

  @Override
  public void setHandshakeApplicationProtocolSelector(
      @Nullable BiFunction<SSLEngine, List<String>, String> selector) {
    // fixed by the choice
  }

  @Override
  public @Nullable BiFunction<SSLEngine, List<String>, String>
      getHandshakeApplicationProtocolSelector() {
    return null;
  }
}
