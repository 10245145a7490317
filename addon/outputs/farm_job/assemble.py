"""Makes the film of the frames, with matrix-cinema where it is installed, else with ffmpeg.

blender -b --factory-startup --python-exit-code 1 -P assemble.py -- FOLDER FILM
"""

import os
import shutil
import subprocess
import sys

folder, film = sys.argv[sys.argv.index("--") + 1 :][:2]
first, last = int("@first@"), int("@last@")
missing = [n for n in range(first, last + 1) if not os.path.exists(os.path.join(folder, f"{n:04d}.png"))]
if missing:
    sys.exit(f"{folder}: frame {missing[0]} and {len(missing) - 1} more are missing")
if program := shutil.which("matrix-cinema"):  # it looks at every frame: that it is whole, and of this film
    sys.exit(subprocess.run([program, "encode", folder, "-o", film]).returncode)
if not (program := shutil.which("ffmpeg")):
    sys.exit("a film needs matrix-cinema or ffmpeg on this worker; all frames are in " + folder)
words = ["-framerate", "@fps@", "-start_number", str(first), "-i", os.path.join(folder, "%04d.png")]
words += ["-frames:v", str(last - first + 1), *"@codec@".split(), film]
sys.exit(subprocess.run([program, "-y", "-loglevel", "error", *words]).returncode)
