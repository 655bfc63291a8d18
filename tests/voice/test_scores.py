"""Scores and their intervals, held against figures that others computed."""

from __future__ import annotations

import json
from math import comb
from pathlib import Path

import pytest

from retainctl.voice import scores
from retainctl.voice.scores import Interval


def rounded(interval: Interval, digits: int) -> tuple[float, float, float]:
    assert interval.value is not None
    assert interval.low is not None
    assert interval.high is not None
    return round(interval.value, digits), round(interval.low, digits), round(interval.high, digits)


def test_nps_parts_the_answers_at_nine_and_at_seven() -> None:
    found = scores.nps({0: 1, 6: 2, 7: 4, 8: 8, 9: 16, 10: 32})
    assert (found.promoters, found.passives, found.detractors) == (48, 12, 3)


def test_the_score_is_that_of_the_french_retailer_and_its_interval_near_the_plain_one(shared: Path) -> None:
    expected = json.loads((shared / "data/expected/nps_french_retailer.json").read_text())
    for figures in (expected["overall"], *expected["by_t"].values()):
        found = scores.net_promoters(figures["promoters"], figures["passives"], figures["detractors"])
        assert found.value is not None
        assert round(found.value, 4) == figures["nps"]
        assert [*rounded(found, 3)[1:]] == pytest.approx(figures["ci95"], abs=400 / figures["n"])


def test_the_interval_of_a_few_answers_by_hand() -> None:
    """(8.75 - 1.75) / 13 = 0.538462, and 1.959964 * sqrt((10.5 / 13 - 0.538462^2) / 13) = 0.391144."""
    assert rounded(scores.net_promoters(8, 1, 1), 3) == (70.0, 14.732, 92.961)


@pytest.mark.parametrize(("answers", "least"), [(5, 0.92), (10, 0.91), (20, 0.95), (100, 0.94)])
@pytest.mark.parametrize("shares", [(0.6, 0.25, 0.15), (0.85, 0.12, 0.03), (0.95, 0.04, 0.01)])
def test_the_interval_holds_the_true_score_as_often_as_it_says(
    answers: int, least: float, shares: tuple[float, float, float]
) -> None:
    """Every outcome that a sample may have, by its probability."""
    true = 100 * (shares[0] - shares[2])
    covered = 0.0
    for promoters in range(answers + 1):
        for detractors in range(answers + 1 - promoters):
            passives = answers - promoters - detractors
            found = scores.net_promoters(promoters, passives, detractors)
            assert found.low is not None
            assert found.high is not None
            ways = comb(answers, promoters) * comb(answers - promoters, detractors)
            chance = ways * shares[0] ** promoters * shares[1] ** passives * shares[2] ** detractors
            covered += chance * (found.low <= true <= found.high)
    assert covered >= least


def test_the_interval_is_known_when_all_say_the_same_and_holds_the_score() -> None:
    for counts in ({10: 40}, {7: 1}, {0: 3}, {10: 1}):
        found = scores.nps(counts).score
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        assert -100.0 <= found.low <= found.value <= found.high <= 100.0
        assert found.low < found.high
    assert scores.nps({}).score == Interval(None, None, None)


# Wilson's interval as R's prop.test(x, n, correct = FALSE) gives it.
@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (15, 20, 0.5313, 0.8881), (10, 10, 0.7225, 1.0)],
)
def test_a_share_has_wilsons_interval(part: int, whole: int, low: float, high: float) -> None:
    assert rounded(scores.share(part, whole), 4) == (part / whole, low, high)


def test_an_interval_of_a_share_never_leaves_nought_to_one() -> None:
    assert min(scores.share(0, whole).low or 0.0 for whole in range(1, 400)) == 0.0
    assert max(scores.share(whole, whole).high or 0.0 for whole in range(1, 400)) == 1.0


def test_a_share_of_nothing_is_not_known() -> None:
    assert scores.share(0, 0) == Interval(None, None, None)


def test_satisfied_are_the_two_highest_answers_and_at_ease_the_three_highest() -> None:
    counts = {1: 1, 3: 2, 4: 4, 5: 8, 6: 16, 7: 32}
    assert scores.favourable("csat", {1: 1, 4: 3, 5: 5}, highest=5) == 8
    assert scores.favourable("ces", counts, highest=7) == 56
    assert scores.mean({1: 1, 4: 3}) == 3.25
    assert scores.mean({}) is None
