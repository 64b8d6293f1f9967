"""What is asked of a server, and how fast it answered."""

import http.client
import os
import re
import socket
import ssl
import subprocess
import time

from stage import HOST, IP, LOAD_CORE, OBJECTS, Trouble, busy, memory, octets


def context():
    """TLS of a client; the certificate is the run's own."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made


def ask(server, scheme, path):
    """One answer: status, fields, octets."""
    port = server.https if scheme == "https" else server.http
    raw = socket.create_connection((IP, port), timeout=20)
    if scheme == "https":
        raw = context().wrap_socket(raw, server_hostname=HOST)
    connection = http.client.HTTPConnection(HOST)
    connection.sock = raw
    try:
        connection.request("GET", f"/{path}", headers={"Host": HOST})
        answer = connection.getresponse()
        body = answer.read()
        fields = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, fields, body
    finally:
        connection.close()


def check(server, scheme, path):
    """That a second answer is right, and a hit where the server says so."""
    try:
        ask(server, scheme, path)
        status, fields, body = ask(server, scheme, path)
    except (OSError, http.client.HTTPException) as e:
        ended = server.process.poll()
        said = server.process.out.read_text(errors="replace")[-2000:]
        raise Trouble(f"{server.title}, {scheme}, /{path}: {e}" +
                      (f"; it has ended with {ended}" if ended is not None else "") +
                      f"\n{said}") from e
    wrong = None
    if status != 200:
        wrong = f"status {status}"
    elif body != octets(path, OBJECTS[path]):
        wrong = f"{len(body)} octets that are not those of the origin"
    elif server.hit and server.hit[1].lower() not in fields.get(server.hit[0], "-").lower():
        wrong = f"no hit: {server.hit[0]}: {fields.get(server.hit[0])}"
    elif server.caches and server.name != "nginx" and "age" not in fields:
        wrong = "no Age"
    if wrong:
        raise Trouble(f"{server.title}, {scheme}, /{path}: {wrong}")


def named(stage):
    """What wrk is started by: it can give a server's name in TLS only where it has looked it up."""
    hosts = stage.dir / "hosts"
    hosts.write_text(f"{IP} {HOST}\n")
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    script = f'mount --bind "{hosts}" /etc/hosts && exec "$@"'
    return ["unshare", *user, "--mount", "sh", "-c", script, "sh"]


class Wrk:
    """As many requests as there is time for, over so many connections."""

    unit = "requests/s"
    lower = False

    def __init__(self, scheme, path, connections, fresh=False):
        self.scheme, self.path = scheme, path
        self.connections, self.fresh = connections, fresh

    def run(self, server, seconds):
        """Requests a second, and the shares of a core that server and generator were busy."""
        port = server.https if self.scheme == "https" else server.http
        command = [*named(server.stage), "taskset", "-c", LOAD_CORE, "wrk", "-t1",
                   f"-c{self.connections}", f"-d{seconds}s", "--timeout", "10s", "-H",
                   f"Host: {HOST}"]
        if self.fresh:
            command += ["-H", "Connection: close"]
        command.append(f"{self.scheme}://{HOST}:{port}/{self.path}")
        before, began = busy(server.pid), time.monotonic()
        load = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        generator = 0
        # Its processor time is gone with it: it is read while it runs.
        while load.poll() is None:
            generator = busy(load.pid) or generator
            time.sleep(0.05)
        said = load.stdout.read()
        took = time.monotonic() - began
        rate = re.search(r"Requests/sec:\s*([\d.]+)", said)
        if not rate or "Non-2xx" in said or "Socket errors" in said and not self.fresh:
            raise Trouble(f"{server.title}: wrk says\n{said}")
        return {"value": float(rate.group(1)), "server": (busy(server.pid) - before) / took,
                "generator": generator / took}


class Steady:
    """p99 at a fixed rate, of requests that count from when they were due."""

    unit = "p99, ms"
    lower = True

    def __init__(self, path, connections):
        self.path, self.connections = path, connections
        self.rate = 0

    def compile(self, stage, java):
        self.java, self.classes = java / "java", stage.dir / "classes"
        subprocess.run([java / "javac", "-d", self.classes, stage.here / "OpenLoop.java"],
                       check=True)

    def run(self, server, seconds):
        before, began = busy(server.pid), time.monotonic()
        result = subprocess.run(
            ["taskset", "-c", LOAD_CORE, self.java, "-XX:+UseSerialGC", "-Xmn256m", "-cp",
             self.classes, "OpenLoop", IP, str(server.http), HOST, f"/{self.path}",
             str(self.rate), str(self.connections), str(seconds), "2"],
            capture_output=True, text=True, check=False)
        took = time.monotonic() - began
        if result.returncode:
            raise Trouble(f"{server.title}: {result.stdout}{result.stderr}")
        rate, p50, p90, p99, p999, longest = map(float, result.stdout.split())
        return {"value": p99 / 1000, "answered": rate / self.rate,
                "p50": p50 / 1000, "p90": p90 / 1000, "p99.9": p999 / 1000,
                "longest": longest / 1000, "server": (busy(server.pid) - before) / took,
                "generator": 1}


class IdleTls:
    """Memory of so many connections that had one answer over TLS and say nothing more."""

    unit = "MiB"
    lower = True

    def __init__(self, count, path):
        self.count, self.path = count, path

    def run(self, server, quick):
        """MiB that they take; of a tenth of them, ten times, where it is to be quick."""
        count = self.count // 10 if quick else self.count
        tls, open_ones = context(), []
        request = f"GET /{self.path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        before = memory(server.pid)
        try:
            for i in range(count):
                raw = socket.socket()
                raw.settimeout(20)
                # As browsers do. Without it a request waits for the end of the handshake to be
                # acknowledged, which a server that has nothing to send does 40 ms later.
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # Clients are many: each 250 connections have an address of their own.
                raw.bind((f"127.0.{100 + i // 60000}.{1 + i // 250 % 250}", 0))
                raw.connect((IP, server.https))
                one = tls.wrap_socket(raw, server_hostname=HOST)
                one.sendall(request)
                left = OBJECTS[self.path]
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = one.recv(65536)
                    if not piece:
                        raise Trouble(f"{server.title}: connection {i} was ended")
                    head += piece
                left -= len(head.split(b"\r\n\r\n", 1)[1])
                while left > 0:
                    piece = one.recv(65536)
                    if not piece:
                        raise Trouble(f"{server.title}: connection {i} was ended")
                    left -= len(piece)
                open_ones.append(one)
            time.sleep(2)
            after = memory(server.pid)
        finally:
            for one in open_ones:
                one.close()
        return {"value": (after - before) * self.count / count, "all": after,
                "server": 0, "generator": 0}
