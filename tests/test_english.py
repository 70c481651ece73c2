"""Every text of Milepost is in plain British English: it says who acts, in short sentences."""

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = (
    *("activities", "api", "bench", "commands", "demo", "docs", "embedded", "notifications"),
    *("programmes", "services", "storage", "temporal", "tests", "tools", "web", "workflows"),
)

DATA = re.compile(r'(["`])nobody\1')
"""What is stored as the recipient of a notice whose role has no holder, and an account of Unix."""

VAGUE = re.compile(
    r"(?<![a-z])(whoever|whomever|nobody|somebody|everybody|mend(?:s|ed|ing|able)?)(?![a-z])",
    re.IGNORECASE,
)
"""Words in place of which a role can be named, and one that the field does not use."""

AMERICAN = re.compile(
    r"\b((?:colo|behavio|favo|hono|labo|neighbo)r(?:s|ed|ing|ite|able)?|centers?|centered"
    r"|cancel(?:ed|ing)|label(?:ed|ing)|travel(?:ed|ing)|fulfills?|gray|catalogs?|defense"
    r"|[a-z]*(?:organ|recogn|summar|custom|normal|minim|optim|real|initial|serial|general"
    r"|categor|final|visual|util|apolog|prior)iz(?:e|es|ed|ing|ation|ations)"
    r"|analyz(?:e|es|ed|ing))\b",
    re.IGNORECASE,
)
LICENCE = re.compile(r"\blicenses?\b")
"""The noun is "licence"; the name of the file and of the licence itself have a capital."""

MOST_WORDS = 25
"""In a sentence."""


class Text(NamedTuple):
    """A piece of prose, and where it is."""

    where: str
    words: str


def sources(*suffixes: str) -> list[Path]:
    """Every file of the repository with one of these suffixes. This file is left out."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += (ROOT / folder).rglob("*")
    return sorted(path for path in found if path.suffix in suffixes and path != Path(__file__))


@cache
def prose() -> tuple[Text, ...]:
    """All prose, without code."""
    return tuple(_prose())


def _prose() -> Iterator[Text]:
    for path in sources(".py"):
        yield from _python(path)
    for path in sources(".toml"):
        if path.name != "pyproject.toml":
            yield from _catalogue(path)
    for path in sources(".md"):
        yield from _markdown(path)
    for path in sources(".txt", ".html"):
        if path.parent.name != "cy" and "templates" in path.parts:
            text = re.sub(r"(?s)<style.*?</style>|<!--.*?-->", " ", path.read_text("utf-8"))
            text = re.sub(r"(?s)\{[%#].*?[%#]\}|<[^>]*>|\{\{.*?\}\}", " ", text)
            yield from (Text(_name(path), line) for line in text.splitlines())
    for path in sources(".yaml"):
        comments = re.findall(r"(?:^|\s)# (.*)", path.read_text("utf-8"))
        yield from (Text(_name(path), line) for line in comments)


def _name(path: Path, line: int = 0) -> str:
    return f"{path.relative_to(ROOT)}" + (f":{line}" if line else "")


def _python(path: Path) -> Iterator[Text]:
    """Docstrings, the strings below constants and fields, and comments."""
    source = path.read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(ast.Constant(str(words))):
                paragraphs = re.split(r"\n\s*\n|\n\s*(?:\*|-|\d+\.) ", words)
                yield from (Text(_name(path, node.lineno), part) for part in paragraphs)
    comment: list[str] = []
    last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if token.start[0] != last + 1 and comment:
                yield Text(_name(path, last), " ".join(comment))
                comment = []
            comment.append(token.string.lstrip("# "))
            last = token.start[0]
    if comment:
        yield Text(_name(path, last), " ".join(comment))


def _catalogue(path: Path) -> Iterator[Text]:
    if path.stem.endswith("cy") or path.stem.endswith("welsh"):
        return
    found = tomllib.loads(path.read_text("utf-8"))
    yield from (Text(f"{_name(path)} {key}", words) for key, words in _leaves(found))


def _leaves(found: object, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(found, dict):
        for name, value in found.items():
            yield from _leaves(value, f"{key}.{name}" if key else name)
    elif isinstance(found, list):
        for value in found:
            yield from _leaves(value, key)
    elif isinstance(found, str):
        yield key, found


def _markdown(path: Path) -> Iterator[Text]:
    """Paragraphs, list items and cells of tables; no code and no addresses."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*|#]|\d+\.) ?)", text):
        cells = block.split("|") if block.lstrip().startswith("|") else [block]
        yield from (Text(_name(path), cell) for cell in cells)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text. Code and what a catalogue fills in count as one word each."""
    plain = re.sub(r"``.*?``|`[^`]*`|\{+[^}]*\}+", "X", text, flags=re.DOTALL)
    yield from re.split(r"(?<=[.!?])[\"”)]?\s+|\n\s*\n", plain)


def too_long(texts: Iterable[Text]) -> list[str]:
    """Sentences with more words than a reader takes in at once."""
    return [
        f"{text.where}: {' '.join(sentence.split())}"
        for text in texts
        for sentence in sentences(text.words)
        if len(re.findall(r"[\w’'-]*\w", sentence)) > MOST_WORDS
    ]


def american(texts: Iterable[Text]) -> list[str]:
    """American spellings outside code."""
    found = []
    for text in texts:
        plain = re.sub(r"``.*?``|`[^`]*`|\{+[^}]*\}+|https?://\S+", "", text.words, flags=re.DOTALL)
        words = [*AMERICAN.findall(plain), *LICENCE.findall(plain)]
        found += [f"{text.where}: {word}" for word in words]
    return found


def vague(paths: Iterable[Path]) -> list[str]:
    """Vague words anywhere in a file, names of functions and tests included."""
    return [
        f"{_name(path, number)}: {word}"
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        for word in vague_words(line)
    ]


def vague_words(line: str) -> list[str]:
    """The vague words of one line. Data is no word."""
    return VAGUE.findall(DATA.sub("", line))


def test_a_role_is_named_where_one_acts() -> None:
    kinds = (".py", ".toml", ".md", ".yaml", ".txt", ".html", ".mako")
    assert vague(sources(*kinds)) == []


def test_the_spelling_is_british() -> None:
    assert american(prose()) == []


def test_no_sentence_has_more_than_25_words() -> None:
    assert too_long(prose()) == []


class TestTheseChecks:
    """The checks find what they look for, and only that."""

    @pytest.mark.parametrize(
        ("line", "found"),
        [
            ("Nobody is told.", ["Nobody"]),
            ("def test_whoever_reads_it() -> None:", ["whoever"]),
            ("We recommend amendments; the commended one mends it.", ["mends"]),
            ('recipient_id="nobody"', []),
            ('"nobody is told"', ["nobody"]),
        ],
    )
    def test_vague_words_are_found_in_any_case_and_in_names(
        self, line: str, found: list[str]
    ) -> None:
        assert vague_words(line) == found

    @pytest.mark.parametrize(
        ("words", "count"),
        [
            ("The organization's favorite color", 3),
            ("The organisation's favourite colour", 0),
            ("Set `color` to gray", 1),
            ("Under the MIT License, see LICENSE; a license", 1),
            ("The size of the prize", 0),
        ],
    )
    def test_american_spellings_are_found_outside_code(self, words: str, count: int) -> None:
        assert len(american([Text("here", words)])) == count

    def test_a_sentence_of_25_words_is_short_enough_and_one_of_26_is_not(self) -> None:
        short = " ".join(["word"] * 25) + "."
        assert too_long([Text("here", f"{short} {short}")]) == []
        assert too_long([Text("here", f"{short} One {short}")]) == [f"here: One {short}"]

    def test_code_and_what_is_filled_in_count_as_one_word(self) -> None:
        text = " ".join(["word"] * 23) + " `a b c d e` {one} ."
        assert too_long([Text("here", text)]) == []
