"""Runs the comparison: benchmarks/compare [--only NAMES] [--quick] …"""

import argparse
import datetime
import pathlib
import platform
import statistics
import subprocess
import sys

import report
from loads import IdleTls, Steady, Wrk, check
from restarts import FirstAnswer, Zipf
from servers import ALL
from stage import Stage, Trouble, told

#: What is measured: name, title, load, seconds of warming up.
WARM, WARM_TLS = 15, 40
MEASURES = {
    "hits-1k": ("1 KiB hits, 64 connections", Wrk("http", "1k", 64), WARM),
    "hits-16k": ("16 KiB hits, 64 connections", Wrk("http", "16k", 64), WARM),
    "hits-1m": ("1 MiB hits, 16 connections", Wrk("http", "1m", 16), WARM),
    "tls-1k": ("1 KiB hits, TLS 1.3, 64 connections", Wrk("https", "1k", 64), WARM_TLS),
    "tls-handshakes": ("TLS 1.3 handshakes, a new connection each",
                       Wrk("https", "1k", 32, fresh=True), WARM_TLS),
    "latency": ("p99 of 1 KiB hits at half of nginx's rate", Steady("1k", 64), WARM),
    "idle-tls": ("memory of 10 000 idle TLS connections", IdleTls(10_000, "1k"), 0),
    "start": ("from the start to the first answer", FirstAnswer("1k"), 0),
    "zipf": ("16 KiB hits of 50 000 objects (781 MiB) with 512 MiB of memory, Zipf 0.9",
             Zipf(50_000, 512, 0.9, 64), WARM),
}


def arguments(words):
    parser = argparse.ArgumentParser(
        prog="compare", description="Perigee beside its peers: each on one core, the load on the "
        "other. Needs a built tree, two cores and the servers; prints Markdown and writes it, "
        "JSON and plots to benchmarks/results.")
    parser.add_argument("--only", default="", metavar="NAMES",
                        help="measures or servers, separated by commas: " +
                        ", ".join([*MEASURES, *(one.name for one in ALL)]))
    parser.add_argument("--rounds", type=int, default=5, help="at least 5 for figures to keep")
    parser.add_argument("--seconds", type=int, default=6, help="of each round")
    parser.add_argument("--quick", action="store_true",
                        help="3 short rounds with little warming up; writes nothing")
    asked = parser.parse_args(words)
    known = {*MEASURES, *(one.name for one in ALL)}
    names = {name for name in asked.only.split(",") if name}
    if names - known:
        parser.error(f"--only: unknown {', '.join(sorted(names - known))}; there are "
                     f"{', '.join(sorted(known))}")
    asked.measures = [name for name in MEASURES if name in names] or list(MEASURES)
    asked.servers = [one for one in ALL if one.name in names] or list(ALL)
    if asked.quick:
        asked.rounds, asked.seconds = 3, 3
    return asked


def require(servers):
    """Everything that is needed is there, or how to install it is said."""
    missing = [one.package for one in servers if not one.found()]
    for program, package in (("wrk", "wrk"), ("nginx", "nginx-light"), ("openssl", "openssl"),
                             ("taskset", "util-linux")):
        if subprocess.run(["which", program], capture_output=True, check=False).returncode:
            missing.append(package)
    if missing:
        raise Trouble("not installed; Debian: apt install " + " ".join(dict.fromkeys(missing)) +
                      " (or leave some out with --only)")


def measure(name, servers, asked, stage):
    """All rounds of one measure, the servers in turns; the figures by server."""
    title, load, warm = MEASURES[name]
    del title
    if isinstance(load, IdleTls):
        found = {}
        for one in servers:
            if one.https:
                print(f"compare: {name}, {one.title}", file=sys.stderr, flush=True)
                found[one.name] = [load.run(one, asked.quick)]
        return found
    if isinstance(load, FirstAnswer):
        return {one.name: load.run(one, asked.rounds) for one in servers}
    if isinstance(load, Zipf):
        return larger(name, servers, asked, stage)
    scheme = getattr(load, "scheme", "http")
    able = [one for one in servers if (one.https if scheme == "https" else one.http)]
    for one in able:
        check(one, scheme, load.path)
        if isinstance(load, Wrk):
            seconds = warm // 4 if asked.quick else warm
            load.run(one, seconds if one.name == "perigee" else min(seconds, 5))
    before = stage.asked()
    found = {one.name: [] for one in able}
    for _ in range(asked.rounds):
        for one in able:
            found[one.name].append(load.run(one, asked.seconds))
    if stage.asked() != before:
        raise Trouble(f"{name}: the origin was asked {stage.asked() - before} times meanwhile")
    for one in able:
        check(one, scheme, load.path)
    return found


def larger(name, servers, asked, stage):
    """Of a store that its server's memory does not hold."""
    _, load, warm = MEASURES[name]
    able = [one for one in servers if one.stores]
    for one in able:
        load.begin(one)
        load.run(one, warm // 4 if asked.quick else warm)
    before = stage.asked()
    found = {one.name: [] for one in able}
    for _ in range(asked.rounds):
        for one in able:
            found[one.name].append(load.run(one, asked.seconds))
    if stage.asked() != before:
        raise Trouble(f"{name}: the origin was asked {stage.asked() - before} times meanwhile")
    return found


def pace(found, servers, asked, stage):
    """Half of what nginx does of 1 KiB hits, for the latency at a fixed rate."""
    load = MEASURES["latency"][1]
    load.compile(stage, next(one.java for one in servers if one.name == "perigee"))
    if "hits-1k" not in found:
        found = {"hits-1k": measure("hits-1k", [s for s in servers if s.name == "nginx"],
                                    asked, stage)}
    rates = [one["value"] for one in found["hits-1k"]["nginx"]]
    load.rate = round(statistics.median(rates) / 2)


def main(words):
    asked = arguments(words)
    return told("compare", lambda: compare(asked))


def compare(asked):
    require(asked.servers)
    with Stage() as stage:
        stage.prepare()
        servers = [one(stage) for one in asked.servers]
        for one in servers:
            stage.require_free(one.http, one.https)
            one.start()
        result = {
            "date": datetime.date.today().isoformat(),
            "machine": machine(), "rounds": asked.rounds, "seconds": asked.seconds,
            "load": pathlib.Path("/proc/loadavg").read_text().split()[:3],
            "versions": {one.title: one.version() for one in servers},
            "titles": {one.name: one.title for one in servers}, "measures": {}}
        found = {}
        for name in asked.measures:
            print(f"compare: {name}", file=sys.stderr, flush=True)
            if name == "latency":
                pace(found, servers, asked, stage)
            found[name] = measure(name, servers, asked, stage)
            load = MEASURES[name][1]
            result["measures"][name] = {
                "title": MEASURES[name][0], "unit": load.unit, "lower": load.lower,
                "rate": getattr(load, "rate", 0), "rounds": found[name]}
    text = report.markdown(result)
    print(text)
    if not asked.quick:
        report.write(result, text, pathlib.Path(__file__).resolve().parents[1] / "results")


def machine():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':', 1)[1].strip()}, Linux {platform.release()}"
    return f"{platform.machine()}, Linux {platform.release()}"
