"""One office a folder: the second is refused, and whoever asks hears where the first one is."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.folder import LOCK, Addresses, Occupied, is_free, occupy, running_in

OFFICE = Addresses("http://127.0.0.1:8400", "127.0.0.1:8433", "http://127.0.0.1:8434")


def test_a_second_office_in_the_same_folder_is_refused_and_told_who_is_there(
    tmp_path: Path,
) -> None:
    with occupy(tmp_path, OFFICE), pytest.raises(Occupied) as refusal, occupy(tmp_path, OFFICE):
        pass
    assert refusal.value.holder is not None
    assert refusal.value.holder.pid == os.getpid()
    assert refusal.value.holder.api == OFFICE.api


def test_the_folder_is_free_again_once_the_office_has_left(tmp_path: Path) -> None:
    with occupy(tmp_path, OFFICE):
        assert running_in(tmp_path) is not None
    assert running_in(tmp_path) is None
    with occupy(tmp_path, OFFICE):
        pass


def test_a_folder_that_never_held_an_office_has_none_running(tmp_path: Path) -> None:
    assert running_in(tmp_path / "nowhere") is None


def test_an_office_that_was_killed_leaves_no_lock_behind(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys; from embedded.folder import *\n"
        "with occupy(pathlib.Path(sys.argv[1]), Addresses('a', 't')): os.kill(os.getpid(), 9)"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": "."},
        check=False,
    )
    assert (tmp_path / LOCK).read_text()
    assert running_in(tmp_path) is None


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)
