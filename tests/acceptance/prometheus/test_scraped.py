"""The rules, the dashboard and the alerts against a Prometheus that scrapes a daemon with jobs."""

import json
import re
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

get = partial(httpx.get, trust_env=False, timeout=10)
DEPLOY = Path(__file__).parents[3] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
RULES = yaml.safe_load((DEPLOY / "prometheus/rules/recording.yml").read_text())["groups"][0]["rules"]
VARIABLES = {"$__rate_interval": "10s", "$instance": ".+", "$source": ".+"}

pytestmark = pytest.mark.slow


def queries() -> list[Any]:
    """Return the title of each panel with each of its queries."""
    return [
        pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", [])
    ]


def test_promtool_finds_no_fault_with_the_metrics(scene: Any) -> None:
    """Names, units, help and types are as Prometheus likes them."""
    metrics = get(f"{scene.url('daemon')}/metrics").text
    check = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True, text=True, check=False)
    assert (check.stdout + check.stderr, check.returncode) == ("", 0)


@pytest.mark.parametrize("expression", queries())
def test_a_query_of_the_dashboard_finds_something(expression: str, scene: Any) -> None:
    """It is valid, and there is data that it shows."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression
    assert scene.values(expression)


@pytest.mark.parametrize("variable", DASHBOARD["templating"]["list"][1:], ids=lambda variable: variable["name"])
def test_a_variable_of_the_dashboard_has_values(variable: dict[str, Any], scene: Any) -> None:
    """There is something to choose."""
    query = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
    assert query is not None
    selector, label = query.groups()
    values = scene.prometheus(f"label/{label}/values", **{"match[]": selector.replace("$instance", ".+")})
    assert values == ([f"127.0.0.1:{scene.ports['daemon']}"] if label == "instance" else ["graph", "media"])


@pytest.mark.parametrize("name", [rule["record"] for rule in RULES])
def test_a_recording_rule_records(name: str, scene: Any) -> None:
    """It finds what it is about."""
    assert scene.values(name)


def test_every_rule_is_evaluated_without_error(scene: Any) -> None:
    """Prometheus says so itself."""
    rules = [rule for group in scene.prometheus("rules")["groups"] for rule in group["rules"]]
    assert len(rules) >= len(RULES) + 8
    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] != "ok"} == {}


def test_what_went_wrong_is_told_and_nothing_else(scene: Any) -> None:
    """Overdue and failing jobs, refused events and failing polls; the daemon itself is well."""
    firing = {alert["labels"]["alertname"] for alert in scene.prometheus("alerts")["alerts"]}
    assert firing == {"JobwatchdJobsOverdue", "JobwatchdJobsFailing", "JobwatchdDeadLetters", "JobwatchdPollsFailing"}


def test_a_source_that_went_away_reaches_the_receiver_of_alerts_and_is_resolved(scene: Any, until: Any) -> None:
    """From the killed API over daemon, Prometheus and Alertmanager to a webhook, and back."""

    def told(status: str) -> dict[str, Any]:
        return {
            alert["labels"]["source"]: alert
            for alert in scene.receivers.alerts
            if alert["labels"]["alertname"] == "JobwatchdSourceDown" and alert["status"] == status
        }

    scene.end("apis")
    until("both sources are told to be down", lambda: set(told("firing")) == {"graph", "media"})
    alert = told("firing")["graph"]
    assert alert["labels"]["severity"] == "critical"
    assert alert["labels"]["instance"] == f"127.0.0.1:{scene.ports['daemon']}"
    assert alert["annotations"]["runbook_url"] == "deploy/prometheus/runbook.md#jobwatchdsourcedown"
    scene.start_apis()
    until("both sources are told to be back", lambda: set(told("resolved")) == {"graph", "media"})


def test_a_daemon_that_is_killed_is_told(scene: Any, until: Any) -> None:
    """Nobody else could tell it."""
    scene.end("daemon")
    until(
        "the daemon is told to be down",
        lambda: any(alert["labels"]["alertname"] == "JobwatchdDown" for alert in scene.receivers.alerts),
    )
