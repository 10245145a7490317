"""Which given matrices may be additive masks: those that are added to what a softmax takes."""

from ..kinds.stage import Stage, stages_of

# Steps after which what is lowest still is; numbers in them have to be above 0.
_KEPT_LOW = ("tril", "triu", "window", "padded", "multiply", "divide", "add", "subtract")


def added_to_softmax(root: Stage) -> frozenset[str]:
    """The names of the given matrices of which entries are terms of what a softmax takes: M in
    softmax(scores + M), in S = scores + M followed by softmax(S), and in softmax(M)."""
    found = set()

    def visit(stage):
        if not stage.operands:
            found.add(stage.name)
        for operand in stage.operands if stage.sign == "+" else stage.unchanged:
            if _keeps_low(operand.stage.epilogue):
                visit(operand.stage)

    for stage in stages_of(root):
        functions = [step.function for step in stage.epilogue]
        if "softmax" in functions and _keeps_low(stage.epilogue[: functions.index("softmax")]):
            visit(stage)
    return frozenset(found)


def _keeps_low(steps):
    numbers = [argument for step in steps for argument in step.arguments if isinstance(argument, float)]
    return all(step.function in _KEPT_LOW for step in steps) and all(number > 0 for number in numbers)
