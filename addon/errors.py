"""The two errors with which work ends early. Each is one line for a person."""

from collections.abc import Iterable

MOST_KNOWN = 40  # that a hint tells
LONGEST_MESSAGE = 600  # letters of a line
_FIRST = (
    420  # of them before what is left out: what is wrong stands at the beginning, what is right at the end
)
_NO_MEMORY = ("failed to map segment", "Cannot allocate memory")  # as the loader of libraries says it


class InputError(ValueError):
    """What a person gave cannot be used.

    The message is one line: what is wrong, where, and what would be right. It names an option by its keyword
    in Python, in backquotes: `layer`. The command line prints the message with its own word, --layer, and
    exits with status 2; the panel reports it.
    """


class JobError(RuntimeError):
    """The input was good but the work failed (exit status 1), told in one line."""


def one_line(text: object) -> str:
    """A message as one line of at most LONGEST letters, whatever was put into it."""
    line = " ".join(str(text).split())
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    if len(line) <= LONGEST_MESSAGE:
        return line
    return f"{line[:_FIRST]} … {line[_FIRST + 3 - LONGEST_MESSAGE :]}"


def not_loaded(error: BaseException, otherwise: str) -> JobError:
    """The error for a library that cannot be loaded: there is no memory for it, or else `otherwise`."""
    if isinstance(error, MemoryError) or any(said in str(error) for said in _NO_MEMORY):
        return JobError(f"there is not enough memory to load what this needs ({error}); see ulimit -v")
    return JobError(otherwise)


def needs_extra(error: BaseException, needs: str, extra: str, otherwise: str = "") -> JobError:
    """The error for a library of an `extra` of the package that cannot be loaded.

    `needs` names the job and the library that it needs. `otherwise` says what a person can do instead of
    installing the extra.
    """
    install = f'pip install "matrix-cinema[{extra}]"'
    return not_loaded(error, f"{needs} ({error}); {install}{otherwise and f' {otherwise}'}")


def require_known(given: Iterable[str], known: Iterable[str], job: str) -> None:
    """Raise TypeError, as Python does, for a keyword that a function with `**options` does not know."""
    for name in given:
        if name not in known:
            raise TypeError(f'{job}: unknown option "{name}"; {nearest(name, known, "options")}')


def nearest(word: object, known: Iterable[object], what: str) -> str:
    """A hint for an unknown `word`: the nearest of the `known` ones, or all of them."""
    import difflib

    known = sorted(str(k) for k in known)
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    more = f" and {len(known) - MOST_KNOWN} more" if len(known) > MOST_KNOWN else ""
    return f"{what}: {', '.join(known[:MOST_KNOWN])}{more}" if known else f"there are no {what}"
