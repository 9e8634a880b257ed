"""Runs engines in turn, round after round, so that what the machine does meanwhile meets all of them."""

import json
import os
import pathlib
import subprocess
import sys
import time

import environment
from frontdesk import ROOT, cache, median

PEERS = ROOT / "tools/bench/peers"


def peer(name, **options):
    """The command of a peer; options as keywords, True for a flag."""
    command = [environment.python(), PEERS / f"{name}_peer.py"]
    for option, value in options.items():
        command.append("--" + option.replace("_", "-"))
        if value is not True:
            command.append(value)
    return list(map(str, command))


def report(command):
    """The JSON report that a command prints."""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"error: exit {done.returncode} of {' '.join(map(str, command))}")
    return json.loads(done.stdout)


def reports(commands, rounds):
    """{name: [report of each round]}; each round starts with another engine."""
    names, collected = list(commands), {name: [] for name in commands}
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            began = time.monotonic()
            collected[name].append(report(commands[name]))
            print(
                f"round {number + 1}: {name}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True
            )
    return collected


def data_folders(binary):
    """Folders of texts and of vectors, which tools/bench/data.py makes where they are missing."""
    command = [ROOT / "tools/bench/data.py", "--binary", binary]
    made = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, check=True, text=True)
    return [pathlib.Path(line) for line in made.stdout.split()]


def shown(values, form=".2f"):
    """The median, and the range where there are several."""
    text = format(median(values), form)
    return f"{text} ({min(values):{form}} to {max(values):{form}})" if len(values) > 1 else text


def load_average():
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    return f"{load:.1f}" + (" (this machine was not idle)" if load > cores + 0.5 else "")


def save(name, content):
    """Writes the results and says where."""
    path = cache("bench", "results") / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"results: {path}")
