"""What a result was measured on: commit, processor, instruction sets, cores, versions of packages."""

import importlib.metadata
import os
import pathlib
import platform
import subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
# What figures depend on: a change elsewhere in the repository does not make a result older.
MEASURED = ("keras_vae", ":(glob)benchmarks/*.py")
PACKAGES = ("keras_vae", "keras", "tensorflow", "tensorflow-probability", "numpy")
# Of the many flags of a processor those that decide how fast a matrix product is.
INSTRUCTION_SETS = ("sse4", "avx", "fma", "amx", "asimd", "neon", "sve", "vsx", "x86_v")


def commit(root=ROOT):
    """The commit of the code, with "+changes" where package or benchmarks differ from it; None outside git."""
    head = git(root, "rev-parse", "HEAD")
    if not head:
        return None
    changes = git(root, "status", "--porcelain", "--", *MEASURED)
    return head[:12] + ("+changes" if changes else "")


def git(root, *arguments):
    """What git prints, without blanks around it; None where there is no git, no repository or an error."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def machine(cpuinfo=pathlib.Path("/proc/cpuinfo")):
    """Processor, instruction sets, cores and platform of this machine, as a dict.

    Args:
        cpuinfo: path. Where Linux describes the processor; without it NumPy is asked.
    """
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        lines = []
    values = {}
    for line in lines:
        key, _, value = line.partition(":")
        values.setdefault(key.strip(), value.strip())
    return {
        "cpu_count": os.cpu_count(),
        "cpu": _processor(values),
        "instruction_sets": _instruction_sets(values),
        "platform": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _processor(values):
    name = values.get("model name") or platform.processor() or platform.machine() or "unknown"
    # A virtual machine may hide the number in the name: family and model still tell the generation.
    labels = (("family", "cpu family"), ("model", "model"))
    numbers = [f"{key} {values[label]}" for key, label in labels if label in values]
    return f"{name} ({', '.join(numbers)})" if numbers else name


def _instruction_sets(values):
    flags = values.get("flags", values.get("Features", "")).split()
    if not flags:
        simd = np.show_config(mode="dicts").get("SIMD Extensions", {})
        flags = [*simd.get("baseline", ()), *simd.get("found", ())]
    return sorted({flag.lower() for flag in flags if flag.lower().startswith(INSTRUCTION_SETS)})


def package_versions(names):
    """Dict of installed versions; None for a package that is not installed."""
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return versions
