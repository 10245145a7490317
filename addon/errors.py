"""The two ways in which work ends early, each told in one line to a person."""

MOST_KNOWN = 40  # that a hint tells


class InputError(ValueError):
    """What a person gave cannot be used.

    The message is one line: what is wrong, where, and what would be right. The command line
    prints it and exits with status 2; the panel reports it.
    """


class JobError(RuntimeError):
    """The input was good but the work failed (exit status 1), told in one line."""


def nearest(word, known, what):
    """A hint for an unknown `word`: the nearest of the `known` ones, or all of them."""
    import difflib

    known = sorted(str(k) for k in known)
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    more = f" and {len(known) - MOST_KNOWN} more" if len(known) > MOST_KNOWN else ""
    return f"{what}: {', '.join(known[:MOST_KNOWN])}{more}" if known else f"there are no {what}"
