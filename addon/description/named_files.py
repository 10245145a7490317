"""The files that a description names: only the keys that mean files are looked at, whatever a text says."""

from pathlib import Path

from .scene import Scene


def is_style_file(style: str) -> bool:
    """Whether `look.style` is the name of a file rather than of a style that comes with the project."""
    return style.lower().endswith(".toml")


def named_files(scene: Scene) -> list[Path]:
    """The paths of a description's files, whether they are there or not, in a fixed order."""
    names = [scene.capture.file, scene.look.font, scene.style.environment]
    names += [scene.look.style] if is_style_file(scene.look.style) else []
    names += [scene.matrices[name].file for name in sorted(scene.matrices)]
    return [Path(scene.folder) / name for name in names if name]
