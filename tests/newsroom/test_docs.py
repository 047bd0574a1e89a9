"""The guides say what the code does: variables, commands, links and names."""

import ast
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "bench" / "README.md"]
OPERATING = (ROOT / "docs" / "operating.md").read_text()
each_guide = pytest.mark.parametrize(
    "guide", GUIDES, ids=lambda guide: str(guide.relative_to(ROOT))
)


def variables():
    """What newsroom/settings.py reads from the environment, with the node of each default."""
    found = {}
    for node in ast.walk(ast.parse((ROOT / "newsroom" / "settings.py").read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "env"
            and isinstance(node.args[0], ast.Constant)
        ):
            (default,) = (word.value for word in node.keywords if word.arg == "default")
            found[node.args[0].value] = default
    return found


def documented():
    """The rows of the table of settings: meaning, default and example of each variable."""
    table = OPERATING.split("## Settings", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+) \| (.+) \| (.+) \|$", table, re.MULTILINE)
    assert len(rows) == len({name for name, *_ in rows})
    return {name: cells for name, *cells in rows}


def headings(text):
    """The anchors that a Markdown page offers, as GitHub makes them."""
    return {
        re.sub(r"[^\w\- ]", "", unicodedata.normalize("NFC", line).lower()).replace(" ", "-")
        for line in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    }


class TestSettings:
    def test_are_documented_each_and_no_others(self):
        assert set(documented()) == set(variables())

    def test_have_the_defaults_that_the_table_says(self):
        defaults = variables()
        for name, (_, said, _) in documented().items():
            default = defaults.get(name)
            if isinstance(default, ast.Constant) and said != "required":
                value = default.value
                text = str(int(value)) if isinstance(value, bool) else str(value)
                assert said == (f"`{text}`" if text else "empty"), name

    def test_start_the_site_with_the_examples_that_the_table_gives(self, tmp_path):
        examples = {name: cells[2].strip("`") for name, cells in documented().items()}
        examples |= {"DEBUG": "0", "NEWSROOM_DATA": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **examples},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def test_are_spelled_right_in_the_file_for_a_server(self):
        lines = (ROOT / "deploy" / "newsroom.env.example").read_text().splitlines()
        named = {match[1] for line in lines if (match := re.match(r"#?([A-Z_]+)=", line))}
        assert named
        assert named <= set(documented())


class TestGuides:
    @each_guide
    def test_link_to_files_and_headings_that_exist(self, guide):
        text = guide.read_text()
        for address in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", address):
                continue
            path, _, anchor = address.partition("#")
            target = guide.parent / path if path else guide
            assert target.exists(), address
            if anchor:
                assert anchor in headings(target.read_text()), address

    @each_guide
    def test_name_make_commands_that_exist(self, guide):
        makefile = (ROOT / "Makefile").read_text()
        commands = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
        for words in re.findall(r"(?:^|`)make ((?:[a-z-]+ ?)+)", guide.read_text(), re.MULTILINE):
            assert set(words.split()) <= commands, words

    @each_guide
    def test_name_files_that_exist(self, guide):
        rooms = "|".join(path.name for path in ROOT.iterdir() if path.is_dir())
        names = re.findall(rf"`((?:{rooms})/[\w./-]*)`", guide.read_text())
        for name in names:
            assert (ROOT / name).exists(), name
