"""The matrices of all heads become one: their sum, or all of them side by side."""

from dataclasses import dataclass, field

from .concat import Concat
from .elementwise import Elementwise
from .stage import Operand, Stage


@dataclass(frozen=True, eq=False)
class Heads(Stage):
    """The matrices of all heads, joined by `function`, "sum_heads" or "concat_heads".

    A Heads has one operand, which stands for all heads. Once `algebra.stacks` has made one stage for each
    head, `of_heads` takes its place: a sum or a concatenation; of one head alone a copy.
    """

    function: str = field(kw_only=True)

    over_heads = True

    def of_heads(self, operands: tuple[Operand, ...]) -> Stage:
        """The sheet that joins these operands, one of each head."""
        stage = self.name, self.text, operands, self.epilogue
        if len(operands) > 1 and self.function == "concat_heads":
            return Concat(*stage)
        return Elementwise(*stage, operator="+" if len(operands) > 1 else "copy")
