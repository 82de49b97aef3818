"""What all plots share: the figure, its colours and its style; matplotlib is imported when something is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind people can distinguish; after the last one, dashes distinguish rules.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", ":", "-.")
GREY = "#5f6368"


def import_matplotlib() -> Any:
    """Return matplotlib, or raise ImportError that says how to install it."""
    try:
        import matplotlib.figure
        import matplotlib.style
    except ImportError as error:
        raise ImportError(
            'fanin.plot: needs matplotlib, which cannot be imported; install it with pip install "fanin[plot]"'
        ) from error
    return matplotlib


def new_figure(*widths: float, size: tuple[float, float] = (11, 4.6), rows: int = 1) -> Figure:
    """Return a figure with axes side by side, of these relative widths, in one row or several."""
    figure: Figure = import_matplotlib().figure.Figure(figsize=size, dpi=110, layout="constrained")
    for axes in figure.subplots(rows, len(widths), width_ratios=widths, squeeze=False).flat:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(GREY)
        axes.tick_params(colors=GREY, labelsize=9)
    return figure


def describe(axes: Any, title: str, x: str | None = None, y: str | None = None) -> None:
    """Write the title and the labels of axes."""
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel(x, color=GREY)
    axes.set_ylabel(y, color=GREY)


def add_legend(axes: Any, **options: Any) -> None:
    """Add a legend that hides little."""
    axes.legend(
        **{"loc": "best", "frameon": True, "framealpha": 0.9, "edgecolor": "none", "fontsize": 9, **options}
    )


def add_grid(axes: Any, axis: str = "y") -> None:
    """Add faint lines at the ticks of an axis."""
    axes.grid(axis=axis, color=GREY, alpha=0.18, linewidth=0.6)


def colours(count: int) -> list[Any]:
    """Return so many colours; more than colour-blind people can distinguish run from dark to light."""
    if count <= len(COLOURS):
        return list(COLOURS[:count])
    return [import_matplotlib().colormaps["viridis"](0.88 * k / (count - 1)) for k in range(count)]


def style(i: int) -> dict[str, Any]:
    """Return colour and dashes of the i-th line."""
    return {
        "color": COLOURS[i % len(COLOURS)],
        "linestyle": DASHES[i // len(COLOURS) % len(DASHES)],
        "linewidth": 1.7,
    }
