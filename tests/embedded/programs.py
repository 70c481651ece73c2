"""A program that stands in for a real one."""

from pathlib import Path


def program(path: Path, script: str = "") -> Path:
    """A program at this path that runs the shell script; without a script it just ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
