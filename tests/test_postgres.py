import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres

ROOT = Path(__file__).resolve().parents[1]
SAY_WHERE = """
import os, psycopg, sys, time
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    show = lambda name: connection.execute(f"SHOW {name}").fetchone()[0]
    print(show("data_directory"), show("server_encoding"), flush=True)
"""


def start(script: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "DATABASE_URL": ""}
    command = [sys.executable, "-m", "tests.postgres", "--", sys.executable, "-c", script]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(postgres.binaries() is None, reason="PostgreSQL is not installed.")
class TestCluster:
    def test_serves_a_command_and_is_gone_afterwards(self):
        process = start(SAY_WHERE + "sys.exit(3)")
        said, complaints = process.communicate(timeout=60)
        assert process.returncode == 3, complaints
        folder, encoding = said.split()
        assert encoding == "UTF8"
        assert not Path(folder).exists()

    def test_is_gone_when_it_is_told_to_stop(self):
        process = start(SAY_WHERE + "time.sleep(60)")
        folder = process.stdout.readline().split()[0]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 128 + signal.SIGTERM
        assert not Path(folder).exists()


class TestWithoutPrograms:
    @pytest.fixture(autouse=True)
    def _no_programs(self, monkeypatch):
        monkeypatch.setattr(postgres, "binaries", lambda: None)
        monkeypatch.setenv("DATABASE_URL", "")

    def test_says_so_and_skips(self, monkeypatch, capsys):
        monkeypatch.delenv("CI", raising=False)
        assert postgres.main(["--", "false"]) == 0
        expected = "PostgreSQL is not installed: skipping the PostgreSQL pass.\n"
        assert capsys.readouterr().err == expected

    def test_fails_where_it_must_be_tested(self, monkeypatch, capsys):
        monkeypatch.setenv("CI", "true")
        assert postgres.main(["--", "true"]) == 1
        assert capsys.readouterr().err == "PostgreSQL is not installed: CI must test it.\n"
