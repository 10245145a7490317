"""Which given matrices may be additive masks: those that are added to the argument of a softmax.

An additive mask holds very low numbers where a query may not attend. The expression says which matrices may
be one; their values decide (`description.matrices.lowest`).
"""

from ..kinds.stage import Stage, stages_of

# Steps after which the lowest entries are still the lowest, if the numbers in the steps are above 0.
_KEPT_LOW = ("tril", "triu", "window", "padded", "multiply", "divide", "add", "subtract")


def added_to_softmax(root: Stage) -> frozenset[str]:
    """The names of the given matrices that are terms of the argument of a softmax: M in softmax(scores + M),
    in S = scores + M followed by softmax(S), and in softmax(M)."""
    names = set()

    def visit(stage):
        if not stage.operands:
            names.add(stage.name)
        for operand in stage.operands if stage.sign == "+" else stage.unchanged:
            if _keeps_low(operand.stage.epilogue):
                visit(operand.stage)

    for stage in stages_of(root):
        functions = [step.function for step in stage.epilogue]
        if "softmax" in functions and _keeps_low(stage.epilogue[: functions.index("softmax")]):
            visit(stage)
    return frozenset(names)


def _keeps_low(steps):
    numbers = [argument for step in steps for argument in step.arguments if isinstance(argument, float)]
    return all(step.function in _KEPT_LOW for step in steps) and all(number > 0 for number in numbers)
