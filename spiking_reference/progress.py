"""Progress bars: shown in a terminal, where a run takes longer than two seconds."""

from typing import Any

__all__ = ["progress_bar"]

_PATIENCE = 2.0  # seconds until a bar shows up by itself


def progress_bar(total: int, progress: bool | None, unit: str) -> Any:
    """Return a bar; None shows it in a terminal only, and not at once."""
    from tqdm.auto import tqdm

    return tqdm(
        total=total,
        unit=unit,
        disable=None if progress is None else not progress,
        delay=_PATIENCE if progress is None else 0,
    )
