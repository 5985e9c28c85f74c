from engine.processes.deaths import LONGEST_SECONDS, MOST, WITHIN_SECONDS, Deaths


def test_the_first_is_replaced_at_once_and_each_later_one_after_twice_the_time() -> None:
    deaths = Deaths()
    waits = [deaths.another(now) for now in range(MOST)]
    assert waits == [0, 1, 2, 4, 8, 16, *[LONGEST_SECONDS] * (MOST - 6)]
    assert deaths.another(MOST) is None


def test_those_of_long_ago_are_forgotten() -> None:
    deaths = Deaths()
    for number in range(MOST):
        deaths.another(number)
    assert deaths.another(WITHIN_SECONDS + MOST) == 0
