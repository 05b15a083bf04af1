"""A line chart on two logarithmic axes, as SVG, by hand: no library is worth one picture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

Point = tuple[float, float]
COLOURS = ("#0b6e4f", "#c1440e", "#5b5f97", "#b8860b", "#444444")
WIDTH, HEIGHT = 440.0, 320.0
LEFT, TOP, RIGHT, BOTTOM = 62.0, 40.0, 16.0, 48.0
LEGEND = 30.0
FACE = 'role="img" font-family="system-ui, sans-serif" font-size="12"'


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram: named lines over shared values of x; `ticks` are the values of x that get a name."""

    title: str
    x_name: str
    lines: Mapping[str, Sequence[Point]]
    ticks: Mapping[float, str]


def draw(title: str, panels: Sequence[Panel]) -> str:
    """Return an SVG picture of the panels side by side, with one legend under them."""
    width, height = WIDTH * len(panels), HEIGHT + LEGEND
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" {FACE}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * WIDTH:.0f} 0)">', *_panel(panel), "</g>"]
    parts += [*_legend(list(panels[0].lines)), "</svg>"]
    return "\n".join(parts) + "\n"


def _panel(panel: Panel) -> list[str]:
    points = [point for line in panel.lines.values() for point in line]
    x = _axis([at for at, _ in points], LEFT, WIDTH - RIGHT)
    low, high = floor(log10(min(y for _, y in points))), ceil(log10(max(y for _, y in points)))
    y = _axis([10.0**low, 10.0**high], HEIGHT - BOTTOM, TOP)
    parts = [f'<text x="{LEFT}" y="22" font-size="14" font-weight="600">{escape(panel.title)}</text>']
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>')
    for value, name in panel.ticks.items():
        at, below = x(value), HEIGHT - BOTTOM
        parts.append(f'<path d="M{at:.1f} {below}v5" stroke="#444444"/>')
        parts.append(f'<text x="{at:.1f}" y="{below + 18}" text-anchor="middle">{escape(name)}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 10:.0f}" text-anchor="middle">{escape(panel.x_name)}</text>')
    for line, colour in zip(panel.lines.values(), COLOURS, strict=False):
        path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(at):.1f}" cy="{y(value):.1f}" r="2.5" fill="{colour}"/>' for at, value in line]
    return parts


def _axis(values: Sequence[float], begin: float, end: float) -> Callable[[float], float]:
    """Return what places a value on a logarithmic axis from `begin` to `end`."""
    low, high = log10(min(values)), log10(max(values))
    scale = (end - begin) / ((high - low) or 1.0)
    return lambda value: begin + (log10(value) - low) * scale


def _legend(names: Sequence[str]) -> list[str]:
    parts = []
    for number, (name, colour) in enumerate(zip(names, COLOURS, strict=False)):
        at = LEFT + number * 150.0
        parts.append(f'<rect x="{at:.0f}" y="{HEIGHT + 6:.0f}" width="14" height="4" fill="{colour}"/>')
        parts.append(f'<text x="{at + 20:.0f}" y="{HEIGHT + 12:.0f}">{escape(name)}</text>')
    return parts
