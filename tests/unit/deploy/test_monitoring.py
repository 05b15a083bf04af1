"""What Prometheus and Grafana are given fits the daemon, and fits together."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobwatchd.instruments import Registry
from jobwatchd.telemetry import JobMetrics, Telemetry

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
ALERTS = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/rules/alerting.yml").read_text())["groups"]
    for rule in group["rules"]
]
RECORDED = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/rules/recording.yml").read_text())["groups"]
    for rule in group["rules"]
]
EXPRESSIONS = [
    *(rule["expr"] for rule in [*ALERTS, *RECORDED]),
    *(target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])),
]


def named(alert: dict[str, Any]) -> str:
    """Return the name of an alert."""
    name: str = alert["alert"]
    return name


def expectations() -> list[dict[str, Any]]:
    """Return every expectation about an alert in the tests of the rules."""
    return [
        case
        for file in (DEPLOY / "prometheus/tests").glob("*.yml")
        for test in yaml.safe_load(file.read_text())["tests"]
        for case in test.get("alert_rule_test", [])
    ]


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_an_alert_links_to_its_section_of_the_runbook(alert: dict[str, Any]) -> None:
    """Whoever is woken finds what to do."""
    file, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^## (.+)$", (ROOT / file).read_text(), re.MULTILINE)
    assert anchor == alert["alert"].lower()
    assert alert["alert"] in headings


def test_the_runbook_has_no_section_of_an_alert_that_is_gone() -> None:
    """One section an alert."""
    headings = re.findall(r"^## (.+)$", (DEPLOY / "prometheus/runbook.md").read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(map(named, ALERTS))


@pytest.mark.parametrize("alert", ALERTS, ids=named)
def test_an_alert_is_tested_both_ways(alert: dict[str, Any]) -> None:
    """It fires where it should, and is silent where it should."""
    outcomes = {bool(case["exp_alerts"]) for case in expectations() if case["alertname"] == alert["alert"]}
    assert outcomes == {True, False}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_metrics_that_exist(expression: str) -> None:
    """A renamed metric would leave an empty graph, or an alert that never fires."""
    registry = Registry()
    Telemetry(registry)
    JobMetrics(registry)
    shapes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "gauge": [""], "unknown": [""]}
    known = {f"{family.name}{end}" for family in registry.collect() for end in shapes[family.type]}
    known |= {rule["record"] for rule in RECORDED}
    assert set(re.findall(r"(?:\w+:)?\b(?:jobwatchd|process)_[a-z_0-9]+(?::\w+)?", expression)) <= known


def test_the_dashboard_is_what_its_source_makes(tmp_path: Path) -> None:
    """`python deploy/grafana/dashboard.py` was run after the last change."""
    for file in (DEPLOY / "grafana").glob("*.py"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    subprocess.run([sys.executable, tmp_path / "dashboard.py"], check=True, capture_output=True)
    assert json.loads((tmp_path / "dashboard.json").read_text()) == DASHBOARD


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    """Grafana would push them around."""
    taken = [
        (panel["gridPos"]["x"] + right, panel["gridPos"]["y"] + down)
        for panel in DASHBOARD["panels"]
        for right in range(panel["gridPos"]["w"])
        for down in range(panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def test_each_part_of_the_dashboard_has_a_name_of_its_own() -> None:
    """Ids tell panels apart."""
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_no_expression_goes_by_the_id_of_a_job(expression: str) -> None:
    """Such labels do not exist, and must not come to exist by a wish of the dashboard."""
    labels = set(re.findall(r"(\w+)(?:=|=~|!=|!~)\"", expression))
    assert labels <= {"instance", "source", "job", "state", "reason"}
