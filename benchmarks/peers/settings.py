"""Edges that differ in the settings of their JVM alone: benchmarks/jvm [--only NAMES] …"""

import argparse
import statistics
import sys

from loads import Steady, Wrk, check
from report import figure
from restarts import FirstAnswer, Zipf
from servers import Perigee
from stage import Stage, memory, told

WARM, WARM_TLS = 15, 40
#: What each edge is started with besides what the launcher gives it; later options win.
SETTINGS = {
    "launcher": "",
    "serial": "-XX:-UseG1GC -XX:+UseSerialGC",
    "parallel": "-XX:-UseG1GC -XX:+UseParallelGC",
    "zgc": "-XX:-UseG1GC -XX:+UseZGC",
    "headers": "-XX:+UseCompactObjectHeaders",
    "heap-256m": "-Xms256m -Xmx256m",
    "heap-1g": "-Xms1g -Xmx1g",
    "archive-in-place": "-XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0",
    "no-archive": None,
}
LOADS = {
    "hits-1k": (Wrk("http", "1k", 64), WARM),
    "hits-1m": (Wrk("http", "1m", 16), WARM),
    "tls-1k": (Wrk("https", "1k", 64), WARM_TLS),
    "tls-handshakes": (Wrk("https", "1k", 32, fresh=True), WARM_TLS),
    "latency": (Steady("1k", 64), WARM),
    "start": (FirstAnswer("1k"), 0),
    "zipf": (Zipf(50_000, 512, 0.9, 64), WARM),
}


class Setting(Perigee):
    """One edge of several of one control plane, which the first of them starts."""

    def __init__(self, stage, number, name):
        super().__init__(stage)
        self.name = self.title = name
        self.node, self.state = f"bench-{number}", stage.dir / f"edge-{number}"
        self.first = number == 0
        self.http, self.https = 8100 + number, 8500 + number
        self.options = ["--http-port", self.http, "--https-port", self.https,
                        "--admin-port", 9100 + number, "--peer-port", 9200 + number]
        if SETTINGS[name] is None:
            self.env["PERIGEE_NO_ARCHIVE"] = "1"
        else:
            self.env["PERIGEE_JAVA_OPTS"] = SETTINGS[name]

    def start(self):
        if self.first:
            self.control()
        self.join()


def arguments(words):
    parser = argparse.ArgumentParser(
        prog="jvm", description="Edges that differ in the settings of their JVM alone: each on "
        "one core, the load on the other, one at a time in turns. Prints Markdown.")
    parser.add_argument("--only", default="", metavar="NAMES", help="loads or settings, separated "
                        "by commas: " + ", ".join([*LOADS, *SETTINGS]))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=6, help="of each round")
    asked = parser.parse_args(words)
    names = {name for name in asked.only.split(",") if name}
    if names - {*LOADS, *SETTINGS}:
        parser.error(f"--only: unknown {', '.join(sorted(names - {*LOADS, *SETTINGS}))}")
    asked.loads = [name for name in LOADS if name in names] or list(LOADS)
    asked.settings = [name for name in SETTINGS if name in names] or list(SETTINGS)
    return asked


def measure(name, edges, asked, stage):
    """All rounds of one load, the edges in turns; the figures by edge."""
    load, warm = LOADS[name]
    if isinstance(load, FirstAnswer):
        return {one.name: load.run(one, asked.rounds) for one in edges}
    scheme = getattr(load, "scheme", "http")
    if isinstance(load, Steady):
        most = Wrk("http", load.path, 64)
        most.run(edges[0], warm)
        load.rate = round(most.run(edges[0], asked.seconds)["value"] / 2)
        load.compile(stage, edges[0].java)
    for one in edges:
        if isinstance(load, Zipf):
            load.begin(one)
        else:
            check(one, scheme, load.path)
        load.run(one, warm)
    found = {one.name: [] for one in edges}
    for _ in range(asked.rounds):
        for one in edges:
            found[one.name].append(load.run(one, asked.seconds))
    return found


def table(name, found, edges):
    load = LOADS[name][0]
    print(f"\n## {name}: {load.unit}\n\n| | median (least–most) | to {edges[0].name} |"
          " server's core | MiB |\n|---|---|---|---|---|")
    base = statistics.median(one["value"] for one in found[edges[0].name])
    for edge in edges:
        ordered = sorted(one["value"] for one in found[edge.name])
        middle = statistics.median(ordered)
        core = statistics.median(one["server"] for one in found[edge.name])
        print(f"| {edge.name} | {figure(middle)} ({figure(ordered[0])}–{figure(ordered[-1])}) |"
              f" {middle / base:.2f} | {core:.0%} | {memory(edge.pid):.0f} |", flush=True)


def main(words):
    asked = arguments(words)
    return told("jvm", lambda: compare(asked))


def compare(asked):
    with Stage() as stage:
        stage.prepare()
        edges = [Setting(stage, number, name) for number, name in enumerate(asked.settings)]
        for one in edges:
            stage.require_free(one.http, one.https)
            one.start()
        for name in asked.loads:
            print(f"jvm: {name}", file=sys.stderr, flush=True)
            table(name, measure(name, edges, asked, stage), edges)
