"""Tables and verdicts on the terminal."""

from collections.abc import Sequence


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a title: the first column to the left, numbers to the right."""
    cells = [list(head), *([_shown(cell) for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    print(f"\n{title}")
    for row in cells:
        first, *others = zip(row, widths, strict=True)
        print(
            first[0].ljust(first[1])
            + "".join(f"  {cell.rjust(width)}" for cell, width in others).rstrip()
        )


def verdict(
    name: str, value: float, *, most: float | None = None, least: float | None = None
) -> str:
    """A line that says whether a figure meets its target: the most or the least it may be."""
    bound, is_met = "", True
    if most is not None:
        bound, is_met = f"at most {_shown(most)}", value <= most
    elif least is not None:
        bound, is_met = f"at least {_shown(least)}", value >= least
    line = f"{'met   ' if is_met else 'MISSED'}  {name}: {_shown(value)} ({bound})"
    print(line, flush=True)
    return line


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share (0 to 1) of all does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _shown(value: object) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.3f}"
