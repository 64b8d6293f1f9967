"""Processes, files and addresses of one run; everything that was started is ended."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

IP = "127.0.79.1"
HOST = "bench.example"
ORIGIN = f"{IP}:8090"
SERVER_CORE = "0"
LOAD_CORE = "1"
TICKS = os.sysconf("SC_CLK_TCK")
CGROUP = pathlib.Path("/sys/fs/cgroup")

#: Path and length of what is asked for.
OBJECTS = {"1k": 1024, "16k": 16 * 1024, "1m": 1024 * 1024}


class Trouble(Exception):
    """Why nothing can be measured, for a person to read."""


def told(program, work):
    """The exit code of a program; whoever ends it ends what it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        work()
        return 0
    except Trouble as e:
        print(f"{program}: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{program}: stopped", file=sys.stderr)
        return 130


class Stage:
    """The folder of a run, its origin and its certificate."""

    def __init__(self):
        self.here = pathlib.Path(__file__).resolve().parent
        self.root = self.here.parent.parent
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="compare-"))
        self.dir.chmod(0o755)
        self.started = []
        self._serial = 0
        self._group = None
        self._groups = []

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        for process in reversed(self.started):
            process.terminate()
        for process in self.started:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for group in self._groups:
            try:
                group.rmdir()
            except OSError:
                pass  # an ended process may count for a moment more
        shutil.rmtree(self.dir, ignore_errors=True)

    def prepare(self):
        """Objects, a certificate and the origin."""
        self.require_free(8090)
        www = self.dir / "www"
        www.mkdir()
        for name, length in OBJECTS.items():
            (www / name).write_bytes(octets(name, length))
        key, cert = self.dir / "key.pem", self.dir / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
             "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out", cert],
            check=True, capture_output=True)
        (self.dir / "both.pem").write_bytes(cert.read_bytes() + key.read_bytes())
        key.chmod(0o644)
        self.start(LOAD_CORE, ["nginx", "-c", self.fill("origin.conf")])
        self.await_port(8090)

    def fill(self, name, into=None):
        """A file of ours with this run's addresses; its path."""
        text = (self.here / name).read_text()
        for word, value in (("@DIR@", str(self.dir)), ("@IP@", IP), ("@HOST@", HOST)):
            text = text.replace(word, value)
        path = pathlib.Path(into) if into else self.dir / name
        path.write_text(text)
        return path

    def confine(self, mebibytes):
        """What is started from now on has so much memory, with its page cache; None ends that."""
        if mebibytes is None:
            self._group = None
            return
        first = CGROUP / "memory" if (CGROUP / "memory").is_dir() else CGROUP
        limit = "memory.limit_in_bytes" if first != CGROUP else "memory.max"
        self._serial += 1
        group = first / f"{self.dir.name}-{self._serial}"
        try:
            group.mkdir()
            self._groups.append(group)
            (group / limit).write_text(str(mebibytes << 20))
        except OSError as e:
            raise Trouble(f"memory cannot be limited here (it takes root and cgroups): {e}") from e
        self._group = group

    def start(self, core, command, env=None, cwd=None):
        """A process on one core; its output goes to a file of the run."""
        self._serial += 1
        if self._group:
            command = ["sh", "-c", f'echo $$ >"{self._group}/cgroup.procs" && exec "$@"', "sh",
                       *command]
        out = self.dir / f"{self._serial}-{pathlib.Path(str(command[0])).name}.out"
        with out.open("wb") as stream:
            process = subprocess.Popen(
                ["taskset", "-c", core, *map(str, command)], stdout=stream,
                stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}, cwd=cwd)
        process.out = out
        self.started.append(process)
        return process

    def await_line(self, process, text, seconds=90):
        """Waits until a process has said something."""
        end = time.monotonic() + seconds
        while text not in process.out.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > end:
                tail = process.out.read_text(errors="replace")[-2000:]
                raise Trouble(f"no '{text}' of {process.args[3]}:\n{tail}")
            time.sleep(0.1)

    def require_free(self, *ports):
        """Nobody listens yet: who does would be measured in another's place."""
        for port in ports:
            with socket.socket() as probe:
                if port and probe.connect_ex((IP, port)) == 0:
                    raise Trouble(f"somebody listens at {IP}:{port} already: end it first")

    def await_port(self, port, process=None, seconds=30):
        """Waits until somebody listens."""
        end = time.monotonic() + seconds
        while True:
            try:
                socket.create_connection((IP, port), timeout=1).close()
                return
            except OSError as e:
                if (process and process.poll() is not None) or time.monotonic() > end:
                    said = process.out.read_text(errors="replace")[-2000:] if process else ""
                    raise Trouble(f"nobody listens at {IP}:{port}: {e}\n{said}") from e
                time.sleep(0.1)

    def stop(self, process):
        """Ends a process now."""
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def asked(self):
        """How many requests the origin has had."""
        log = self.dir / "origin.access"
        return log.read_bytes().count(b"\n") if log.exists() else 0


def octets(name, length):
    """The octets of an object; no two of them alike."""
    unit = (name + "-0123456789abcdef\n").encode()
    return (unit * (length // len(unit) + 1))[:length]


def family(pid):
    """A process and those that it started."""
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                children = pathlib.Path(f"/proc/{one}/task/{task}/children").read_text()
                left.extend(int(child) for child in children.split())
        except OSError:
            pass
    return found


def busy(pid):
    """Seconds of processor time of a process and those that it started."""
    total = 0
    for one in family(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / TICKS


def memory(pid):
    """MiB of memory of a process and those that it started; shared pages count by their share."""
    total = 0
    for one in family(pid):
        try:
            for line in pathlib.Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total / 1024
