"""Presets of films by their use: size, encoding and companion files."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FilmPreset:
    """A preset. `width` and `height` are in pixels; `quality` and `speed` are FFmpeg's, as Blender names
    them. `captions` adds caption tracks (.srt and .vtt) beside the film, `poster` one of its frames
    (.png)."""

    about: str
    width: int
    height: int
    quality: str
    speed: str = "GOOD"
    captions: bool = False
    poster: bool = False


PRESETS = {
    "talk": FilmPreset("slides on a large screen", 1920, 1080, "PERC_LOSSLESS"),
    "supplement": FilmPreset(
        "a journal's supplement", 1280, 720, "MEDIUM", "BEST", captions=True, poster=True
    ),
    "social": FilmPreset("a square post", 1080, 1080, "HIGH", captions=True, poster=True),
    "web": FilmPreset("a page, small to load", 960, 540, "MEDIUM", "BEST", captions=True, poster=True),
}
