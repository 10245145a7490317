"""The questions of the reading test have one clear answer each, and a wrong one is not counted right."""

import numpy as np
from questions import NEAR, Question, questions

TOKENS = ("[CLS]", "the", "animal", "crossed", "the", "street", "[SEP]")


def pattern():
    values = np.full((7, 7), 0.02)
    values[:, 0] = 0.4
    values[5] = [0.1, 0, 0.1, 0.75, 0.05, 0, 0]
    values[2] = [0.05, 0.9, 0, 0, 0.05, 0, 0]
    return values


def test_answers_are_those_of_the_numbers():
    asked = {one.text: one for one in questions(pattern(), TOKENS, TOKENS, "attn")}
    street = asked["In attn: which key does “street” (a query) attend to most?"]
    assert street.is_right("crossed") and street.is_right(" “Crossed”. ") and not street.is_right("[CLS]")
    pair = next(one for text, one in asked.items() if "largest weight of all" in text)
    assert (
        pair.is_right("animal -> the₁") and pair.is_right("animal, the") and not pair.is_right("the, animal")
    )
    weight = next(one for one in asked.values() if one.number)
    assert weight.right == ("0.75",)
    assert weight.is_right("0.70") and weight.is_right("about .8") and not weight.is_right("0.4")
    favourite = next(one for text, one in asked.items() if "over all queries" in text)
    assert favourite.is_right("[cls]") and not favourite.is_right("the")


def test_what_the_numbers_do_not_answer_clearly_is_not_asked():
    even = np.full((7, 7), 1 / 7)
    assert not [one for one in questions(even, TOKENS, TOKENS, "attn") if one.number is None]


def test_a_number_is_right_within_its_margin():
    one = Question("", ("0.50",), (0.5, NEAR))
    assert one.is_right("0.64") and not one.is_right("0.66") and not one.is_right("I cannot tell")


def test_a_sign_in_quotation_marks_is_the_sign():
    asked = Question("which key?", ("«.»₁₄",), None)
    assert asked.is_right(".14") and asked.is_right("«.»₁₄") and asked.is_right('"."₁₄')
    assert not asked.is_right(".")
