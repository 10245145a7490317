"""One input of the fuzzer: files in a folder, and the command line that is given them."""

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = "@EXAMPLES@"  # in a file or a command: the folder examples/ of this tree


@dataclass
class Case:
    """`files` are name to bytes. A case that is `composed` is also laid out as a picture, where its scene is
    accepted."""

    kind: str
    files: dict[str, bytes]
    command: list[str]
    composed: bool = False
    number: str = field(default="", compare=False)  # seed and number, by which it can be made again

    def put(self, folder: Path) -> list[str]:
        """Write the files into an empty folder; the command as it is to be run there."""
        examples = str(ROOT / "examples")
        for name, data in self.files.items():
            (folder / name).write_bytes(data.replace(EXAMPLES.encode(), examples.encode()))
        return [word.replace(EXAMPLES, examples) for word in self.command]

    def save(self, path: Path) -> None:
        """Write it to a file from which `load` makes it again."""
        files = {name: base64.b64encode(data).decode() for name, data in self.files.items()}
        said = {"kind": self.kind, "number": self.number, "command": self.command, "files": files}
        said["composed"] = self.composed
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(said, indent=1))

    @classmethod
    def load(cls, path: Path) -> "Case":
        said = json.loads(path.read_text())
        files = {name: base64.b64decode(data) for name, data in said["files"].items()}
        return cls(said["kind"], files, said["command"], said["composed"], said["number"])
