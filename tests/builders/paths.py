"""Where the tests find the tree that they test."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
