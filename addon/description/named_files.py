"""The files that a description names. Only keys that mean files count; other texts are never taken for
files."""

from pathlib import Path

from .scene import Scene


def is_style_file(style: str) -> bool:
    """Whether `look.style` names a file, rather than a style of the project."""
    return style.lower().endswith(".toml")


def named_files(scene: Scene) -> list[Path]:
    """The paths of all files that a description names, existing or not, in a fixed order."""
    names = [scene.capture.file, scene.look.font, scene.style.environment]
    names += [scene.look.style] if is_style_file(scene.look.style) else []
    names += [scene.matrices[name].file for name in sorted(scene.matrices)]
    return [Path(scene.folder) / name for name in names if name]
