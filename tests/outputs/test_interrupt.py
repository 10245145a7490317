"""Ctrl-C: who notices it, what is said, and that everything is as before afterwards."""

import signal
import subprocess
import sys
import textwrap

import pytest
from matrix_cinema.outputs.interrupt import leaving_at_once
from paths import ROOT

pytestmark = [
    pytest.mark.one_blender,
    pytest.mark.skipif(sys.platform == "win32", reason="a process there gets no SIGINT"),
]


def in_a_process(program):
    """Run a program that has the package; returns its exit status and what it wrote on standard error."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'scripts')!r})\n"
        + textwrap.dedent("""
        import os, signal, threading, time
        import matrix_cinema as script
        script.load_package()
        from pathlib import Path
        from matrix_cinema.outputs.interrupt import leaving_at_once, telling
        from matrix_cinema.outputs.files import written_whole
        """)
        + textwrap.dedent(program)
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    return process.returncode, process.stderr


def test_python_code_is_left_at_once():
    assert in_a_process("""
        with leaving_at_once(), telling(lambda: "interrupted: 3 are kept"), telling(lambda: "an inner one"):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(30)
        """) == (130, "matrix-cinema: interrupted: 3 are kept\n")


def test_it_is_left_while_the_main_thread_is_in_c(tmp_path):
    """As during a render, which stays in C until its picture is done."""
    part = tmp_path / "half.png"
    status, said = in_a_process(f"""
        import hashlib
        def interrupt():
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=interrupt, daemon=True).start()
        with leaving_at_once(), written_whole(Path({str(part)!r})) as part:
            with telling(lambda: "not this one"):
                part.write_text("half")
            hashlib.pbkdf2_hmac("sha256", b"x", b"y", 400_000_000)  # minutes in C, without Python's lock
        """)
    assert (status, said) == (130, "matrix-cinema: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("handler", [signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler])
def test_everything_is_as_before_afterwards(handler):
    before = signal.signal(signal.SIGINT, handler)
    try:
        with leaving_at_once():
            pass
        assert signal.getsignal(signal.SIGINT) == handler
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.signal(signal.SIGINT, before)
