"""The embedded office's secret is made once, and nobody else reads it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from embedded.secret import FILE, kept_secret


def test_it_is_made_once_and_is_the_same_ever_after(tmp_path: Path) -> None:
    folder = tmp_path / "office"
    with ThreadPoolExecutor(4) as several:
        made = set(several.map(lambda _: kept_secret(folder), range(8)))
    assert len(made) == 1
    assert made == {kept_secret(folder)}
    assert len(made.pop()) > 40


def test_only_its_owner_reads_it_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    kept_secret(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
