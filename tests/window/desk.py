"""A desk with a real Blender on it: its own X server, a mouse, a keyboard and a camera.

Needs Xvfb, xdotool and ImageMagick's `import` (Debian: xvfb xdotool imagemagick x11-utils) and
nothing of Python but the standard library. Places are in pixels of the window, from its bottom
left, as Blender counts.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AGENT = Path(__file__).with_name("agent.py")
DROPPING = Path(__file__).with_name("dropping.py")


class Desk:
    """Use as a context: Blender is started, and ended with its X server at the end."""

    def __init__(self, blender, pictures, user_folder, *, size=(1600, 900), display=":93"):
        self.blender, self.pictures, self.size = blender, Path(pictures), size
        self.pictures.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="matrix_cinema_ui_"))
        self._log = self.pictures / "blender.log"
        self._environment = os.environ | {
            "DISPLAY": display,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "MATRIX_CINEMA_UI_FOLDER": str(self._folder),
            "BLENDER_USER_RESOURCES": str(user_folder),
        }
        self._server = self._program = None
        self._scrolled = 0  # rows of the panel above what is seen
        self._found = {}  # name of a control -> where it was last
        self.pointer = (0, 0)

    def __enter__(self):
        width, height = self.size
        try:
            self._server = subprocess.Popen(
                [
                    "Xvfb",
                    self._environment["DISPLAY"],
                    "-screen",
                    "0",
                    f"{width}x{height}x24",
                    "+extension",
                    "GLX",
                    "-nolisten",
                    "tcp",
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._until(lambda: self._tool("xdpyinfo", check=False).returncode == 0, 20, "X server")
            with open(self._log, "w") as log:
                self._program = subprocess.Popen(
                    [
                        self.blender,
                        "--gpu-backend",
                        "opengl",
                        "--offline-mode",
                        "--no-window-focus",
                        "--window-geometry",
                        "0",
                        "0",
                        str(width),
                        str(height),
                        "--python",
                        str(AGENT),
                    ],
                    env=self._environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            self.about = self.ask("hello", wait=240)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, kind=None, *_):
        if kind is not None and self._program and self._program.poll() is None:
            with contextlib.suppress(Exception):
                self.photograph("failed")
        for process in (self._program, self._server):
            if process and process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    # -- talking to the agent ---------------------------------------------------------------

    def ask(self, verb, *arguments, wait=120):
        """The agent's answer; see agent.py for the verbs."""
        question, answer = self._folder / "question.json", self._folder / "answer.json"
        part = self._folder / "question.part"
        part.write_text(json.dumps([verb, arguments]))
        part.replace(question)
        self._until(answer.exists, wait, f"answer to {verb}")
        said = json.loads(answer.read_text())
        answer.unlink()
        if "error" in said:
            raise AssertionError(f"{verb}: {said['error']}")
        return said["value"]

    def state(self):
        return self.ask("state")

    def wait_for(self, condition, seconds, what):
        """Ask for the state until `condition(state)` holds; returns that state."""
        end = time.monotonic() + seconds
        while True:
            state = self.state()
            if condition(state):
                return state
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {seconds} s; the state is {state}")
            time.sleep(0.1)

    def settle(self, rounds=3):
        """Let Blender handle its input and draw."""
        for _ in range(rounds):
            self.ask("rectangle", "UI")

    def python_errors(self):
        """The first Python error that Blender has printed, or ""."""
        text = self._log.read_text(errors="replace")
        start = text.find("Traceback (most recent call last)")
        return "" if start < 0 else text[start : start + 3000]

    def _until(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if self._program and self._program.poll() is not None:
                raise AssertionError(f"Blender has ended with {self._program.returncode}; see {self._log}")
            if time.monotonic() > end:
                raise AssertionError(f"{what}: nothing within {seconds} s; see {self._log}")
            time.sleep(0.02)

    # -- mouse and keyboard ------------------------------------------------------------------

    def move(self, x, y):
        self.pointer = (x, y)
        self._tool("xdotool", "mousemove", int(x), int(self.size[1] - 1 - y))

    def press(self, button=1):
        self._tool("xdotool", "mousedown", button)
        self.settle(2)

    def release(self, button=1):
        self._tool("xdotool", "mouseup", button)
        self.settle(3)

    def click(self, x, y, then=""):
        """Press and release at a place, slowly enough for a redraw in between not to lose it. `then` is a key
        that follows at once."""
        self.move(x - 3, y)
        self.settle(1)
        self.move(x, y)
        self.settle(2)
        self.press()
        if then:
            self._tool("xdotool", "mouseup", 1, "key", then)
            self.settle(3)
        else:
            self.release()

    def key(self, *keys):
        for one in keys:
            self._tool("xdotool", "key", one)
            self.settle(2)

    def type_keys(self, *keys):
        """Press keys one after the other as fast as a person, without waiting for Blender in between."""
        self._tool("xdotool", "key", "--delay", 250, *keys)
        self.settle(2)

    def type(self, text):
        self._tool("xdotool", "type", "--delay", 15, text)
        self.settle(2)

    # -- the side panel -----------------------------------------------------------------------

    def open_tab(self, name, width=None):
        """Show a tab of the side panel; `width` pixels wide by dragging its edge."""
        end = time.monotonic() + 30
        while (place := self.ask("open_tab", name)) is None:
            if time.monotonic() > end:
                raise AssertionError(f'no tab "{name}" in the side panel')
            time.sleep(0.1)
        self.settle(4)
        if width:
            left, bottom, now, height = self.ask("rectangle", "UI")
            middle = bottom + height // 3
            self.move(left, middle)
            self.settle(3)
            self.press()
            for part in (0.3, 0.7, 1.0):
                self.move(left - (width - now) * part, middle)
                self.settle(2)
            self.release()
        return place

    def controls(self, until="", pitch=9, columns=(0.3, 0.85)):
        """Every control of the tab: name -> the places at which the pointer is over it.

        Found by moving the pointer down the panel and asking Blender, so without knowing its layout.
        `until` stops below the control with that in its name.
        """
        left, bottom, width, height = self.ask("rectangle", "UI")
        found = {}
        for y in range(bottom + height - 4, bottom + 4, -pitch):
            for part in columns:
                place = (left + part * (width - 22), y)  # the tabs' names take 22 pixels
                self.move(*place)
                self.settle(1)
                for name in self.ask("under_pointer"):
                    found.setdefault(name, []).append(place)
            wanted = [places for name, places in found.items() if until and until in name]
            if wanted and y < wanted[0][-1][1]:
                break
        return found

    def place_of(self, controls, name):
        """The middle of the control whose Blender name has `name` in it."""
        for full, places in controls.items():
            if name in full:
                return places[len(places) // 2]
        raise AssertionError(f'no control "{name}" in the panel; there are: {", ".join(controls)}')

    def push(self, name, then=""):
        """Find a control and click it, and press a key `then`."""
        self.click(*self.find(name), then)

    def find(self, name):
        """The place of a control, scrolled to where it is further down the panel. It is looked for first
        where it was last."""
        if name in self._found:
            self.move(*self._found[name])
            self.settle(2)
            if any(name in full for full in self.ask("under_pointer")):
                return self._found[name]
        for _ in range(8):
            for column in (0.7, 0.3):  # most controls are under the first
                controls = self.controls(until=name, pitch=12, columns=(column,))
                if any(name in full for full in controls):
                    self._found[name] = self.place_of(controls, name)
                    return self._found[name]
            if not self.scroll(12):
                break
        raise AssertionError(f'no control "{name}" in the panel; the last ones are: {", ".join(controls)}')

    def scroll(self, rows):
        """Turn the wheel over the panel, downwards or, below 0, upwards. Whether that moved anything."""
        left, bottom, width, height = self.ask("rectangle", "UI")
        self.move(left + width // 2, bottom + height // 2)
        self.settle(2)
        before = self.photograph("scrolling").read_bytes()
        for _ in range(abs(rows)):
            self._tool("xdotool", "click", 5 if rows > 0 else 4)
            self.settle(1)
        self.settle(3)
        path = self.photograph("scrolling")
        moved = path.read_bytes() != before
        path.unlink()
        self._scrolled = max(0, self._scrolled + rows)
        return moved

    def scroll_to_top(self):
        """Turn the wheel back to where the panel begins."""
        if self._scrolled:
            self.scroll(-self._scrolled - 12)

    def choose(self, name, nth):
        """Open a menu of the panel and take its nth entry: the first key down goes to the first."""
        self.push(name)
        self.settle(3)
        self.key(*["Down"] * nth, "Return")
        self.settle(3)

    def drag(self, place, across, up=0, moves=8, button=1):
        """Drag what is at a place, such as a slider, `across` pixels to the right and `up` pixels up."""
        x, y = place
        self.move(x - 3, y)
        self.settle(1)
        self.move(x, y)
        self.settle(2)
        self.press(button)
        for n in range(1, moves + 1):
            self.move(x + across * n / moves, y + up * n / moves)
            self.settle(2)
        self.release(button)

    def drop(self, file, x, y):
        """Drop a file at a place, as a file manager does."""
        self._tool(sys.executable, DROPPING, file, int(x), int(self.size[1] - 1 - y))
        self.settle(3)

    # -- pictures ------------------------------------------------------------------------------

    def photograph(self, name):
        """The whole screen as a PNG."""
        path = self.pictures / f"{name}.png"
        self._tool("import", "-window", "root", str(path))
        return path

    def photograph_still(self, name, seconds=120):
        """A picture once three in a row are the same, such as after shaders compiled."""
        end, seen = time.monotonic() + seconds, []
        while time.monotonic() < end and (len(seen) < 3 or len(set(seen[-3:])) > 1):
            time.sleep(1.5)
            self.ask("hello", wait=300)
            seen.append(self.photograph(name).read_bytes())
        return self.pictures / f"{name}.png"

    def _tool(self, *words, check=True):
        return subprocess.run(
            [str(word) for word in words], env=self._environment, check=check, capture_output=True, text=True
        )
