"""The metrics of several processes as one text."""

from collections.abc import Mapping


def gathered(texts: Mapping[int, bytes]) -> bytes:
    """Texts in Prometheus's format, by processes' numbers, as one text whose samples have the label `process`.

    No sums are made of them: a process that is started again counts from zero, and Prometheus's `rate` can only make up
    for that where it sees the process's own counter.
    """
    families: dict[str, list[str]] = {}
    for number, text in texts.items():
        family: list[str] = []
        for line in text.decode().split("\n"):
            if line.startswith("# HELP "):
                family = families.setdefault(line, [])
            elif not line.startswith("#"):
                if line:
                    family.append(_labelled(line, f'process="{number}"'))
            elif not family:
                family.append(line)
    return "".join(f"{line}\n" for help_line, family in families.items() for line in (help_line, *family)).encode()


def _labelled(sample: str, label: str) -> str:
    """Put a label before those of a sample, `name{labels} value` or `name value`."""
    name, space, value = sample.partition(" ")
    bare, brace, _ = name.partition("{")
    if brace:
        return f"{bare}{{{label},{sample[len(bare) + 1 :]}"
    return f"{name}{{{label}}}{space}{value}"
