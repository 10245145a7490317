"""One matrix of those of all heads: their sum, or all of them side by side."""

from dataclasses import dataclass, field

from .concat import Concat
from .elementwise import Elementwise
from .stage import Operand, Stage


@dataclass(frozen=True, eq=False)
class Heads(Stage):
    """One matrix of those of all heads: `function` is "sum_heads" or "concat_heads". It stands only in
    an expression whose heads are not told apart yet (see algebra.stacks): for given heads it is a sum or a
    concatenation, or of one head alone a copy."""

    function: str = field(kw_only=True)

    over_heads = True

    def of_heads(self, operands: tuple[Operand, ...]) -> Stage:
        """The sheet that it is for these operands, one of each head."""
        own = self.name, self.text, tuple(operands), self.epilogue
        if len(operands) > 1 and self.function == "concat_heads":
            return Concat(*own)
        return Elementwise(*own, operator="+" if len(operands) > 1 else "copy")
