"""The servers that are compared: how each is started, where it listens, how it says "hit"."""

import os
import pathlib
import re
import shutil
import subprocess

from stage import HOST, IP, LOAD_CORE, ORIGIN, SERVER_CORE, Trouble


class Server:
    """One of them. A subclass says what it is and starts it."""

    name = ""
    title = ""
    program = ""
    package = ""
    http = None
    https = None
    #: Field and text by which it says that an answer is a hit; None where it cannot.
    hit = None
    #: Whether it asks the origin on a miss; one that serves the files itself has no cache.
    caches = True

    def __init__(self, stage):
        self.stage = stage
        self.process = None

    #: Whether what it holds may be more than its memory.
    stores = False

    def start(self):
        raise NotImplementedError

    def again(self):
        """The same once more, with what it has on its disk; does not wait until it is there."""
        self.start()

    def version(self):
        raise NotImplementedError

    @property
    def pid(self):
        return self.process.pid

    @classmethod
    def found(cls):
        return shutil.which(cls.program) is not None

    def said(self, *command):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        return result.stdout + result.stderr

    def listen(self):
        for port in (self.http, self.https):
            if port:
                self.stage.await_port(port, self.process)


class Nginx(Server):
    stores = True
    name, title, program, package = "nginx", "nginx", "nginx", "nginx-light"
    http, https, hit = 8081, 8481, ("x-cache", "HIT")

    def start(self):
        config = self.stage.fill("nginx.conf")
        self.process = self.stage.start(SERVER_CORE, ["nginx", "-c", config])
        self.listen()

    def version(self):
        return re.search(r"nginx/([\d.]+)", self.said("nginx", "-v")).group(1)


class HaProxy(Server):
    name, title, program, package = "haproxy", "HAProxy", "haproxy", "haproxy"
    http, https, hit = 8082, 8482, ("age", "")

    def start(self):
        config = self.stage.fill("haproxy.cfg")
        self.process = self.stage.start(SERVER_CORE, ["haproxy", "-f", config])
        self.listen()

    def version(self):
        return re.search(r"version ([\d.]+)", self.said("haproxy", "-v")).group(1)


class Varnish(Server):
    name, title, program, package = "varnish", "Varnish", "varnishd", "varnish"
    http, hit = 8084, ("age", "")

    def start(self):
        vcl = self.stage.fill("varnish.vcl")
        work = self.stage.dir / "varnish"
        self.process = self.stage.start(
            SERVER_CORE,
            ["varnishd", "-F", "-n", work, "-a", f"{IP}:{self.http}", "-f", vcl, "-j", "none",
             "-s", "malloc,1g", "-p", "thread_pools=1", "-p", "thread_pool_min=200",
             "-p", "thread_pool_max=1000", "-p", "timeout_idle=600",
             "-p", "listen_depth=4096"])
        self.listen()

    def version(self):
        return re.search(r"varnish-([\d.]+)", self.said("varnishd", "-V")).group(1)


class TrafficServer(Server):
    stores = True
    name, title = "trafficserver", "Traffic Server"
    program, package = "traffic_server", "trafficserver"
    http, https, hit = 8083, 8483, ("age", "")

    def start(self):
        base = self.stage.dir / "ats"
        for part in ("etc", "var", "log", "run", "cache"):
            (base / part).mkdir(parents=True, exist_ok=True)
        etc = base / "etc"
        self.stage.fill("trafficserver.config", etc / "records.config")
        (etc / "remap.config").write_text(f"map http://{HOST}/ http://{ORIGIN}/\n"
                                          f"map https://{HOST}/ http://{ORIGIN}/\n")
        (etc / "storage.config").write_text(f"{base / 'cache'} 1G\n")
        (etc / "ssl_multicert.config").write_text(
            "dest_ip=* ssl_cert_name=cert.pem ssl_key_name=key.pem\n")
        (etc / "plugin.config").write_text("")
        (etc / "ip_allow.yaml").write_text(
            "ip_allow:\n  - {apply: in, ip_addrs: 0/0, action: allow, methods: ALL}\n")
        root = base / "runroot.yaml"
        real = pathlib.Path(os.path.realpath(shutil.which("traffic_server"))).parent
        layout = {"prefix": base, "exec_prefix": base, "bindir": real, "sbindir": real,
                  "sysconfdir": etc, "datadir": base / "var", "includedir": base,
                  "libdir": "/usr/lib/trafficserver",
                  "libexecdir": "/usr/lib/trafficserver/modules",
                  "localstatedir": base / "var", "runtimedir": base / "run",
                  "logdir": base / "log", "cachedir": base / "cache"}
        root.write_text("".join(f"{key}: {value}\n" for key, value in layout.items()))
        self.process = self.stage.start(SERVER_CORE, ["traffic_server", f"--run-root={root}"])
        self.listen()

    def version(self):
        said = self.said("traffic_server", "--version")
        return re.search(r"Traffic Server ([\d.]+)", said).group(1)


class Caddy(Server):
    name, title, program, package = "caddy", "Caddy", "caddy", "caddy"
    https, caches = 8485, False

    def start(self):
        config = self.stage.fill("Caddyfile")
        home = {"HOME": str(self.stage.dir), "GOMAXPROCS": "1"}
        self.process = self.stage.start(
            SERVER_CORE, ["caddy", "run", "--adapter", "caddyfile", "--config", config], env=home)
        self.listen()

    def version(self):
        return self.said("caddy", "version").split()[0].lstrip("v")


class Perigee(Server):
    stores = True
    name, title = "perigee", "Perigee"
    http, https, hit = 8080, 8443, ("cache-status", "; hit")

    def __init__(self, stage):
        super().__init__(stage)
        self.state = stage.dir / "edge"
        self.memory = "256m"
        self.java = None
        self.node = "bench-1"
        self.env = {"PERIGEE_NO_BUILD": "1"}
        self.options = []

    @classmethod
    def found(cls):
        return True

    def cli(self, *words):
        result = subprocess.run(
            [self.stage.root / "perigee", *map(str, words)], capture_output=True, text=True,
            check=False, env={**os.environ, "PERIGEE_NO_BUILD": "1",
                              "PERIGEE_API": f"http://{IP}:7070",
                              "PERIGEE_TOKEN": (self.stage.dir / "token").read_text()})
        if result.returncode:
            raise Trouble(f"perigee {' '.join(map(str, words))}: {result.stdout}{result.stderr}")
        return result.stdout

    def start(self):
        self.control()
        self.join()

    def control(self):
        """Starts a control plane, with the site and its certificate."""
        stage = self.stage
        control = stage.start(
            LOAD_CORE,
            [stage.root / "perigee", "control", "--state-dir", stage.dir / "control",
             "--operator-token-file", stage.dir / "token", "--api-bind", IP, "--grpc-bind", IP,
             "--dns-bind", IP, "--steer-bind", IP, "--admin-bind", IP,
             "--allow-private-origins"],
            env={"PERIGEE_NO_BUILD": "1"})
        stage.await_line(control, "control plane ready")
        self.java = pathlib.Path(os.readlink(f"/proc/{control.pid}/exe")).parent
        self.cli("site", "add", HOST, "--origin", f"http://{ORIGIN}")
        self.cli("cert", "add", "--cert", stage.dir / "cert.pem", "--key", stage.dir / "key.pem")

    def join(self):
        """Starts the edge for the first time and waits until it is ready."""
        told = self.cli("node", "add", self.node, "--region", "here", "--at", "50,8",
                        "--address", IP)
        self.launch("--join", re.search(r"pj1\.[\w.-]+", told).group())
        self.stage.await_line(self.process, f"edge {self.node} ready")

    def again(self):
        self.launch()

    def launch(self, *more):
        """Starts the edge; the state of an earlier run serves it."""
        self.process = self.stage.start(
            SERVER_CORE,
            [self.stage.root / "perigee", "edge", "--name", self.node, "--control", f"{IP}:7443",
             "--state-dir", self.state, "--bind", IP, "--admin-bind", IP, "--io-threads", "1",
             "--cache-size", "1g", "--memory-size", self.memory, "--allow-private-origins",
             *self.options, *more],
            env=self.env)

    def version(self):
        root = str(self.stage.root)
        return self.said("git", "-C", root, "describe", "--always", "--dirty").strip()


PEERS = [Nginx, HaProxy, TrafficServer, Varnish, Caddy]
ALL = [*PEERS, Perigee]
