"""What runs in a workflow reads no clock, chance or file.

The worker shares these modules with the sandbox, which therefore does not watch them. Replays watch
what they do (``tests/replay``); this watches what they say.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

PURE_LIBRARIES = {
    "asyncio",
    "bisect",
    "calendar",
    "collections",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "itertools",
    "math",
    "pydantic",
    "re",
    "temporalio",
    "typing",
    "zoneinfo",
}
"""What they may import beside each other. ``pydantic`` describes shapes and checks them."""

ROOMS = {"activities", "programmes", "workflows"}

CLOCKS = {"now", "today", "utcnow"}
"""Methods that read a clock, unless they are the workflow's own."""

CHANCE = {"uuid1", "uuid4", "token_hex", "random", "choice", "shuffle", "as_completed"}
EFFECTS = {"open", "input", "print", "eval", "exec", "hash", "__import__"}
"""Of these, ``hash`` depends on the process for words."""

LISTING = """
import json, sys
import workflows.registry
rooms = ("activities", "programmes", "workflows")
print(json.dumps({
    name: module.__file__ for name, module in sys.modules.items() if name.split(".")[0] in rooms
}))
"""


def modules() -> dict[str, str]:
    """Every module of ours that the workflows import, with its file."""
    listed = subprocess.run(
        [sys.executable, "-c", LISTING], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(listed.stdout)
    return found


def offences(source: str) -> list[str]:
    """What in a module could decide otherwise when it runs again."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [f"line {node.lineno}: imports {a.name}" for a in node.names if _out(a.name)]
        elif isinstance(node, ast.ImportFrom) and _out(node.module or ""):
            found.append(f"line {node.lineno}: imports {node.module}")
        elif isinstance(node, ast.Call) and _is_impure(node.func):
            found.append(f"line {node.lineno}: calls {ast.unparse(node.func)}")
    return found


def _out(module: str) -> bool:
    return module.split(".")[0] not in PURE_LIBRARIES | ROOMS


def _is_impure(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in EFFECTS | CHANCE
    if not isinstance(called, ast.Attribute) or ast.unparse(called.value) == "workflow":
        return False
    return called.attr in CLOCKS | CHANCE


def test_no_module_of_the_workflows_reads_a_clock_chance_or_a_file() -> None:
    found = {name: offences(Path(file).read_text()) for name, file in modules().items()}
    assert len(found) > 20
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import os.path",
        "from uuid import uuid4",
        "from pathlib import Path",
        "from datetime import datetime\nasync def run():\n    return datetime.now()",
        "import datetime\nday = datetime.date.today()",
        "import asyncio\nasync def run(tasks):\n    asyncio.as_completed(tasks)",
        "words = open('words.txt')",
        "number = hash('a word')",
    ],
)
def test_what_could_decide_otherwise_is_found(source: str) -> None:
    assert offences(source)


def test_the_workflows_own_clock_is_none_of_these() -> None:
    assert offences("from temporalio import workflow\nnow = workflow.now()") == []
