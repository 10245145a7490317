"""torch.nn's own attention modules, which have a fast path that no function mode can see.

While a mode is active they leave that path, and their results change in the last bits (or, with
padding, visibly). So while recording each of them runs twice: once for the watch, the result of
which is dropped, and once as it would have run without.
"""

import contextlib

import torch

MODULES = (torch.nn.TransformerEncoder, torch.nn.TransformerEncoderLayer, torch.nn.MultiheadAttention)


@contextlib.contextmanager
def seen_and_unchanged(watch):
    """While active, `watch` (the innermost mode) sees these modules, and their results are their own."""
    originals = {module: module.forward for module in MODULES}
    inside = False

    def twice(original):
        def forward(self, *args, **kwargs):
            nonlocal inside
            if inside:
                return original(self, *args, **kwargs)
            inside = True
            try:
                # The forked generator gives both runs the same dropout.
                with torch.no_grad(), torch.random.fork_rng():
                    original(self, *args, **kwargs)
                watch.__exit__(None, None, None)
                try:
                    return original(self, *args, **kwargs)
                finally:
                    watch.__enter__()
            finally:
                inside = False

        return forward

    try:
        for module, original in originals.items():
            module.forward = twice(original)
        yield
    finally:
        for module, original in originals.items():
            module.forward = original
