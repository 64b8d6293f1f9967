"""What is measured of servers that are started anew for it."""

import os
import http.client
import re
import socket
import subprocess
import time

from loads import ask
from stage import HOST, IP, LOAD_CORE, Trouble, busy


def await_answer(server, path, seconds):
    """Seconds until it answers a request with 200."""
    scheme = "http" if server.http else "https"
    began = time.monotonic()
    while True:
        try:
            status, _, _ = ask(server, scheme, path)
            if status == 200:
                return time.monotonic() - began
        except (OSError, http.client.HTTPException):
            status = 0
        if server.process.poll() is not None or time.monotonic() - began > seconds:
            said = server.process.out.read_text(errors="replace")[-2000:]
            raise Trouble(f"{server.title} has not answered after its start ({status}):\n{said}")
        time.sleep(0.002)


class FirstAnswer:
    """From the start of the process to its first answer; what it had on its disk it has."""

    unit = "s"
    lower = True

    def __init__(self, path):
        self.path = path

    def run(self, server, rounds):
        found = []
        for _ in range(rounds):
            server.stage.stop(server.process)
            began = time.monotonic()
            server.again()
            await_answer(server, self.path, 60)
            found.append({"value": time.monotonic() - began, "server": 0, "generator": 0})
        return found


class Zipf:
    """Hits of a store that is larger than the memory of who serves it."""

    unit = "requests/s"
    lower = False

    def __init__(self, objects, mebibytes, alpha, connections):
        self.objects, self.mebibytes = objects, mebibytes
        self.alpha, self.connections = alpha, connections

    def begin(self, server):
        """Starts it with little memory, and has it store everything."""
        stage = server.stage
        stage.stop(server.process)
        stage.confine(self.mebibytes)
        if server.name == "perigee":
            server.memory = "64m"
        try:
            server.again()
            await_answer(server, "1k", 60)
        finally:
            stage.confine(None)
        self.fill(server)

    def fill(self, server):
        """Each object once, and those again that were not stored."""
        for _ in range(3):
            before = server.stage.asked()
            with socket.create_connection((IP, server.http), timeout=60) as raw:
                stream = raw.makefile("rb")
                for number in range(self.objects):
                    raw.sendall(f"GET /many/{number} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
                    self.skip(server, stream)
            if server.stage.asked() == before:
                return
        raise Trouble(f"{server.title} does not hold {self.objects} objects of 16 KiB: "
                      f"{server.stage.asked() - before} were asked for again")

    @staticmethod
    def skip(server, stream):
        """Reads one answer."""
        status = stream.readline()
        length = 0
        while (line := stream.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if b" 200 " not in status or len(stream.read(length)) != 16 * 1024:
            raise Trouble(f"{server.title}: {status!r} with {length} octets")

    def run(self, server, seconds):
        env = {**os.environ, "OBJECTS": str(self.objects), "ALPHA": str(self.alpha)}
        before, began = busy(server.pid), time.monotonic()
        result = subprocess.run(
            ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s",
             "--timeout", "10s", "-H", f"Host: {HOST}", "-s", server.stage.here / "zipf.lua",
             f"http://{IP}:{server.http}/"],
            capture_output=True, text=True, check=False, env=env)
        took = time.monotonic() - began
        rate = re.search(r"Requests/sec:\s*([\d.]+)", result.stdout)
        if not rate or "Non-2xx" in result.stdout or "Socket errors" in result.stdout:
            raise Trouble(f"{server.title}: wrk says\n{result.stdout}{result.stderr}")
        return {"value": float(rate.group(1)), "generator": 0,
                "server": (busy(server.pid) - before) / took}
