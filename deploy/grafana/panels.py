# ruff: noqa: INP001
"""The kinds of panels that the dashboard is made of, as Grafana writes them down."""

from collections.abc import Mapping
from typing import Any

Panel = dict[str, Any]
Query = tuple[str, str]

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def panel(kind: str, title: str, queries: list[Query], *, unit: str, width: int, about: str, **defaults: Any) -> Panel:
    """Return a panel without a place; a query is an expression and how its series are called."""
    instant = kind in ("stat", "table")
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": DATASOURCE,
        "gridPos": {"w": width, "h": 4 if kind == "stat" else 8},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0, **defaults}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": DATASOURCE,
                "expr": expression,
                "legendFormat": legend,
                "editorMode": "code",
                "instant": instant,
                "range": not instant,
                **({"format": "table"} if kind == "table" else {}),
            }
            for place, (expression, legend) in enumerate(queries)
        ],
        "options": OPTIONS[kind],
    }


OPTIONS: Mapping[str, Panel] = {
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "background",
        "graphMode": "none",
        "textMode": "value",
    },
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "state-timeline": {
        "mergeValues": True,
        "showValue": "never",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
    },
    "heatmap": {
        "calculate": False,
        "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
        "yAxis": {"unit": "s"},
        "cellGap": 1,
        "legend": {"show": True},
        "tooltip": {"mode": "single", "yHistogram": False},
    },
    "table": {"showHeader": True},
}


def stat(title: str, expression: str, about: str, *, red_from: float | None = None, unit: str = "short") -> Panel:
    """Return one number, red from a threshold on."""
    steps: list[Panel] = [{"color": "green" if red_from is not None else "blue", "value": None}]
    if red_from is not None:
        steps.append({"color": "red", "value": red_from})
    thresholds = {"mode": "absolute", "steps": steps}
    return panel("stat", title, [(expression, "")], unit=unit, width=4, about=about, thresholds=thresholds)


def graph(
    title: str,
    *queries: Query,
    about: str,
    unit: str = "short",
    width: int = 8,
    stacked: bool = False,
    bars: bool = False,
) -> Panel:
    """Return lines over time, or stacked areas or bars."""
    style = {
        "drawStyle": "bars" if bars else "line",
        "fillOpacity": 60 if bars else 25 if stacked else 0,
        "lineWidth": 0 if bars else 1,
        "showPoints": "never",
        "stacking": {"mode": "normal" if stacked or bars else "none", "group": "A"},
    }
    return panel("timeseries", title, list(queries), unit=unit, width=width, about=about, custom=style)


def quantiles(metric: str, of: str, by: str, *ranks: float) -> list[Query]:
    """Return queries for quantiles of a histogram, one line for each value of the label `by`."""
    return [
        (
            f"histogram_quantile({rank}, sum by (le, {by}) (rate({metric}_bucket{{{of}}}[$__rate_interval])))",
            f"{{{{{by}}}}} p{rank * 100:g}",
        )
        for rank in ranks
    ]
