# ruff: noqa: INP001
"""Writes `dashboard.json` beside this file: `python deploy/grafana/dashboard.py`; what it shows is in `rows`."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from panels import DATASOURCE, Panel
from rows import OF_INSTANCE, jobs, now, polling, process, sinks

WIDTH = 24


def variable(name: str, label: str, query: str) -> Panel:
    """Return a variable of the dashboard with the values of a label, all of them chosen at first."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "hide": 0,
        "options": [],
        "regex": "",
        "skipUrlSync": False,
    }


def laid_out(rows: Mapping[str, Iterator[Panel]]) -> Iterator[Panel]:
    """Yield row titles and panels with numbers and places, from left to right and from top to bottom."""
    number = top = 0
    for title, panels in rows.items():
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1},
        }
        top += 1
        left = height = 0
        for each in panels:
            number += 1
            place = each["gridPos"]
            if left + place["w"] > WIDTH:
                left, top = 0, top + height
            yield each | {"id": number, "gridPos": {"x": left, "y": top, **place}}
            left, height = left + place["w"], place["h"]
        top += height


def dashboard() -> Panel:
    """Return the whole dashboard, as Grafana 10 and newer import it."""
    rows = {"Now": now(), "Jobs": jobs(), "Polling": polling(), "Telling": sinks(), "The daemon": process()}
    datasource = {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
        "current": {},
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "options": [],
        "regex": "",
        "skipUrlSync": False,
    }
    variables = [
        datasource,
        variable("instance", "Instance", "label_values(jobwatchd_build_info, instance)"),
        variable("source", "Source", f"label_values(jobwatchd_source_up{{{OF_INSTANCE}}}, source)"),
    ]
    return {
        "uid": "jobwatchd",
        "title": "jobwatchd",
        "description": "Jobs on remote systems, and how they are watched.",
        "tags": ["jobwatchd"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": variables},
        "annotations": {"list": []},
        "links": [],
        "panels": list(laid_out(rows)),
    }


if __name__ == "__main__":
    file = Path(__file__).with_name("dashboard.json")
    file.write_text(json.dumps(dashboard(), indent=2) + "\n")
    sys.stdout.write(f"{file}\n")
