"""What a film is for: its size, how well it is encoded, and what is put beside it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FilmPreset:
    """`width` and `height` in pixels, `quality` as Blender names those of FFmpeg, `speed` likewise;
    `captions` and `poster` say what goes beside the film: its caption track (.srt and .vtt) and a frame of
    it (.png)."""

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
