"""What a person reads of it, what a program reads, and the plots."""

import json
import statistics

#: A generator that was so busy may be what was measured.
BUSY = 0.97
#: Who answers less of a fixed rate is too slow for it.
ANSWERED = 0.98

COLOURS = {"nginx": "#009639", "haproxy": "#4a7bb0", "trafficserver": "#b5651d",
           "varnish": "#7a7a7a", "caddy": "#22b8cf", "perigee": "#d6336c"}


def values(rounds):
    return sorted(one["value"] for one in rounds)


def figure(number):
    return f"{number:.0f}" if number >= 1000 else f"{number:.3g}"


def ratio(measure, name):
    """To nginx; None without it."""
    base = measure["rounds"].get("nginx")
    if not base:
        return None
    return statistics.median(values(measure["rounds"][name])) / statistics.median(values(base))


def markdown(result):
    lines = [
        "# Perigee beside its peers", "",
        "`benchmarks/compare`: each server on one core, the load on the other, one server at a "
        "time in turns; how the", "peers are set up: [benchmarks/peers](../peers/README.md).", "",
        f"Machine: {result['machine']}; load before: {' '.join(result['load'])}. "
        + ", ".join(f"{title} {version}" for title, version in result["versions"].items()) + ".",
        f"Rounds: {result['rounds']} of {result['seconds']} s."]
    for name, measure in result["measures"].items():
        lines += ["", f"## {measure['title']}", ""]
        if measure["rate"]:
            lines += [f"{measure['rate']} requests/s, counted from when each was due.", ""]
        lines += table(result, measure)
        lines += ["", f"![{measure['title']}]({result['date']}-compare-{name}.svg)"]
    return "\n".join(lines) + "\n"


def table(result, measure):
    steady = any("p50" in one for rounds in measure["rounds"].values() for one in rounds)
    more = [key for key in ("p50", "p90", "p99.9", "longest") if steady]
    lines = [f"| | {measure['unit']}, median (least–most) | to nginx | server's core |"
             + "".join(f" {key}, ms |" for key in more),
             "|---|---|---|---|" + "---|" * len(more)]
    for name, rounds in measure["rounds"].items():
        ordered = values(rounds)
        middle = statistics.median(ordered)
        to_nginx = ratio(measure, name)
        spread = f" ({figure(ordered[0])}–{figure(ordered[-1])})" if len(ordered) > 1 else ""
        core = statistics.median(one["server"] for one in rounds)
        generator = statistics.median(one["generator"] for one in rounds)
        note = ", generator full" if generator > BUSY > core and not steady else ""
        answered = statistics.median(one.get("answered", 1) for one in rounds)
        note += f", {answered:.0%} answered in time" if answered < ANSWERED else ""
        lines.append(
            f"| {result['titles'][name]} | {figure(middle)}{spread} | "
            + (f"{to_nginx:.2f}" if to_nginx is not None else "–")
            + (f" | {core:.0%}{note} |" if core else " | – |")
            + "".join(f" {figure(statistics.median(one[key] for one in rounds))} |"
                      for key in more))
    return lines


def write(result, text, folder):
    """The page, the figures for programs, a plot for each measure."""
    stem = f"{result['date']}-compare"
    (folder / f"{stem}.md").write_text(text)
    (folder / f"{stem}.json").write_text(json.dumps(result, indent=1) + "\n")
    for name, measure in result["measures"].items():
        (folder / f"{stem}-{name}.svg").write_text(plot(result, measure))


def plot(result, measure):
    """Bars of the medians, and of each the rounds as marks."""
    width, left, row, top = 640, 120, 30, 44
    names = list(measure["rounds"])
    height = top + row * len(names) + 10
    most = max(values(measure["rounds"][name])[-1] for name in names) or 1
    scale = (width - left - 110) / most
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        ' font-family="sans-serif" font-size="13">',
        f'<rect width="100%" height="100%" fill="#fff"/><text x="10" y="22" font-weight="bold">'
        f"{measure['title']}</text>"
        f'<text x="10" y="38" font-size="11" fill="#555">{measure["unit"]}'
        f'{"; less is better" if measure["lower"] else ""}; marks are the rounds</text>']
    for i, name in enumerate(names):
        ordered = values(measure["rounds"][name])
        middle = statistics.median(ordered)
        y = top + row * i
        lines.append(
            f'<text x="10" y="{y + 16}">{result["titles"][name]}</text>'
            f'<rect x="{left}" y="{y + 4}" width="{middle * scale:.1f}" height="16"'
            f' fill="{COLOURS[name]}"/>'
            + "".join(f'<path d="M{left + one * scale:.1f} {y + 2}v20" stroke="#000"/>'
                      for one in ordered)
            + f'<text x="{left + ordered[-1] * scale + 6:.1f}" y="{y + 16}">'
            + f"{figure(middle)}</text>")
    return "\n".join([*lines, "</svg>"]) + "\n"
