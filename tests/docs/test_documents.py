"""Runs what the documents show.

In a ```console block a line `$ COMMAND` is run and the lines below it must be its
output; `...` stands for anything, and commands that set up (./dev demo, ./dev test) are
left out. `./dev run` becomes the program under test. A ```pycon block is a doctest.
"""

import doctest
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAM = os.environ["LANEWISE_CLI"]
NOT_RUN = ("./dev demo", "./dev test", "./dev bench", "git clone")


def blocks(language):
    for document in DOCUMENTS:
        for match in re.finditer(rf"^```{language}\n(.*?)^```", document.read_text(), re.M | re.S):
            line = document.read_text()[: match.start()].count("\n") + 1
            yield pytest.param(match.group(1), id=f"{document.name}:{line}")


def enter(folder, command):
    """The folder after `command`, if that is a cd."""
    return (folder / command[3:].strip()).resolve() if command.startswith("cd ") else folder


def commands(block):
    """(command, expected output) pairs."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        while command.endswith("\\"):
            more, _, output = output.partition("\n")
            command = command[:-1] + more.strip()
        yield command, output


def pattern(expected):
    escaped = re.escape(expected.rstrip()).replace(r"\.\.\.", ".*")
    return re.compile(escaped + r"\s*\Z", re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    (folder / "tools").symlink_to(ROOT / "tools")
    return folder


@pytest.mark.parametrize("block", list(blocks("console")))
def test_commands_print_what_the_document_shows(block, folder):
    for command, expected in commands(block):
        folder = enter(folder, command)
        if command.startswith((*NOT_RUN, "cd ")):
            continue
        runnable = re.sub(r"\S*/dev run", shlex.quote(PROGRAM), command)
        runnable = re.sub(r"\S*/dev python", "python", runnable)
        environment = {**os.environ, "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}"}
        run = subprocess.run(["bash", "-c", runnable], cwd=folder, env=environment, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        assert pattern(expected).match(run.stdout), f"$ {command}\n{run.stdout}"


@pytest.mark.parametrize("block", list(blocks("pycon")))
def test_python_examples(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(block, {}, "document", None, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    output = []
    runner.run(test, out=output.append)
    assert runner.failures == 0, "".join(output)


def test_links_lead_somewhere():
    for document in [*DOCUMENTS, ROOT / "HACKING.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
