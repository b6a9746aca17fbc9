"""Where a process ends or forks while Lanewise works."""

import os
import subprocess
import sys
import textwrap

import pytest

from support import once

TIMEOUT = 60


def run(program, *arguments):
    """A program of its own must end by itself, without complaints."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
                          capture_output=True, text=True, timeout=TIMEOUT)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@once
@pytest.mark.parametrize("work", [
    "lw.sum(x @ x).item()", "lw.compile(lambda a: a @ a)(x)",
    "lw.compile(lambda a: a.T @ a, sample_axis=0).stream(lw.array_source(x))"])
def test_a_daemon_thread_may_compute_when_the_interpreter_exits(work):
    run(f"""
        import threading, time
        import lanewise as lw
        x = lw.random.rand(300, 300).eval()
        def forever():
            while True:
                {work}
        for _ in range(2):
            threading.Thread(target=forever, daemon=True).start()
        time.sleep(0.3)
        """)


@once
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_fork_has_no_thread_that_reads_ahead(tmp_path):
    said = run("""
        import os, sys
        import numpy as np
        import lanewise as lw
        path = sys.argv[1]
        np.save(path, np.arange(4000.0).reshape(1000, 4))
        source = lw.open_source(path)
        source.pull(10)
        child = os.fork()
        if child == 0:
            for use in (lambda: source.pull(10), source.reset):
                try:
                    use()
                except lw.ValueError as error:
                    print(error, flush=True)
            del source
            print(lw.open_source(path).pull(1)[0].tolist(), flush=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert source.pull(1)[0].tolist() == [[40, 41, 42, 43]]
        """, tmp_path / "x.npy")
    assert said.count("process forked") == 2 and "[[0.0, 1.0, 2.0, 3.0]]" in said
