"""Configuration and queries for compare: eight places, three servers, readers all over the world.

prepare.py FOLDER DATABASE ADDRESS [NAME]: NAME is the site's in Perigee's zone; the queries for it
are written only once it is known.
"""
import os
import random
import struct
import sys

folder, database, address = sys.argv[1:4]
PLACES = [  # name, latitude, longitude, countries that PowerDNS, which knows no distance, sends there
    ("fra", 50.11, 8.68, "de at ch cz pl dk hu it se no fi fr be nl lu"),
    ("lon", 51.51, -0.13, "gb ie es pt"),
    ("iad", 39.04, -77.49, "us ca"),
    ("lax", 34.05, -118.24, "mx"),
    ("gru", -23.55, -46.63, "br ar cl uy py"),
    ("sin", 1.35, 103.82, "sg my id th vn ph in"),
    ("nrt", 35.68, 139.69, "jp kr tw cn"),
    ("syd", -33.87, 151.21, "au nz"),
]


def node(i):
    return address.rsplit(".", 1)[0] + f".{i + 11}"


def write(name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def query(name, subnet=None):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    ecs = struct.pack(">HHHBB", 8, 7, 1, 24, 0) + subnet if subnet else b""
    opt = b"\0" + struct.pack(">HHIH", 41, 1232, 0, len(ecs)) + ecs
    packet = struct.pack(">HHHHHH", 0, 0, 1, 0, 0, 1) + labels + struct.pack(">HH", 1, 1) + opt
    return struct.pack(">H", len(packet)) + packet


def queries(server, name):
    seeded = random.Random(6)
    with open(os.path.join(folder, "plain-" + server), "wb") as file:
        file.write(query(name) * 1_000)
    with open(os.path.join(folder, "ecs-" + server), "wb") as file:
        for _ in range(50_000):
            first = seeded.choice([n for n in range(1, 224) if n not in (10, 127)])
            file.write(query(name, bytes([first, seeded.randrange(256), seeded.randrange(256)])))


if len(sys.argv) > 4:
    queries("perigee", sys.argv[4])
    sys.exit()

write("places", "".join(f"{n} {lat},{lon} {node(i)}\n" for i, (n, lat, lon, _) in enumerate(PLACES)))
# Networks of which the country is beyond doubt, and what a server that goes by countries says.
CERTAIN = [("81.2.69.0", "gb"), ("89.160.20.0", "se"), ("2.125.160.0", "gb"), ("18.204.0.0", "us"),
           ("200.160.2.0", "br"), ("133.11.0.0", "jp"), ("193.99.144.0", "de")]
write("certain", "".join(
    f"{net}/24 {node(i)}\n"
    for net, country in CERTAIN for i, (*_, all_of) in enumerate(PLACES) if country in all_of.split()))
names = ", ".join(name for name, *_ in PLACES)
write(
    "gdnsd/config",
    "options => {\n"
    f"  listen => {address}, dns_port => 5301, udp_threads => 1, tcp_threads => 1,\n"
    f"  run_dir => {folder}/gdnsd-run, state_dir => {folder}/gdnsd-state\n}}\n"
    "plugins => { geoip => {\n"
    f"  maps => {{ near => {{ geoip2_db => {database}, datacenters => [{names}],\n"
    "    auto_dc_coords => {\n"
    + "".join(f"      {n} => [{lat}, {lon}]\n" for n, lat, lon, _ in PLACES)
    + "    } } }\n"
    "  resources => { www => { map => near, service_types => up, dcmap => {\n"
    + "".join(f"    {n} => {node(i)}\n" for i, (n, *_) in enumerate(PLACES))
    + "  } } }\n} }\n",
)
write(
    "gdnsd/zones/bench.example",
    "@ SOA ns1 hostmaster (1 7200 1800 259200 900)\n@ NS ns1\nns1 A 192.0.2.53\nwww 30 DYNA geoip!www\n",
)
write(
    "pdns/pdns.conf",
    f"local-address={address}\nlocal-port=5302\nlaunch=geoip\n"
    f"geoip-database-files=mmdb:{database}\ngeoip-zones-file={folder}/pdns/zones.yml\n"
    "edns-subnet-processing=yes\nreceiver-threads=1\ndistributor-threads=1\n"
    f"socket-dir={folder}/pdns\ndaemon=no\nguardian=no\nlog-dns-queries=no\nloglevel=3\n"
    "setuid=\nsetgid=\nsecurity-poll-suffix=\n",
)
records = "".join(
    f"    {country}.near.bench.example:\n      - a: {node(i)}\n"
    for i, (*_, countries) in enumerate(PLACES)
    for country in countries.split()
)
write(
    "pdns/zones.yml",
    "domains:\n- domain: bench.example\n  ttl: 30\n  records:\n    bench.example:\n"
    "      - soa: ns1.bench.example hostmaster.bench.example 1 7200 1800 259200 900\n"
    "      - ns: ns1.bench.example\n    rest.near.bench.example:\n      - a: " + node(2) + "\n"
    + records
    + "  services:\n    www.bench.example: ['%cc.near.bench.example', 'rest.near.bench.example']\n",
)
for server in ("gdnsd", "powerdns"):
    queries(server, "www.bench.example")
