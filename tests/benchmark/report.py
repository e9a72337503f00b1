"""A run as a table, as JSON and as part of a page."""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path

from .targets import ECHO, METRICS, PLAIN, Metric

BEGIN, END = "<!-- a run: tests/bench --markdown writes it -->", "<!-- end of the run -->"

# Losses and growth are what was worst, everything else is the middle.
WORST = tuple(m.name for m in METRICS if "_lost" in m.name or "_foreign" in m.name or "_growth" in m.name)

Rounds = dict[str, list[dict[str, float | str]]]


@dataclass(frozen=True)
class Verdict:
    metric: Metric
    subject: str
    measured: float
    is_met: bool


class Report:
    def __init__(self, rounds: Rounds, circumstances: dict[str, str], ours: list[str]):
        self.rounds, self.circumstances, self.ours = rounds, circumstances, ours
        self.figures = {name: self._figures(of_rounds) for name, of_rounds in rounds.items()}
        self.failures = sorted(
            {
                f"{subject}, {key.removeprefix('failed: ')}: {reason}"
                for subject, of_rounds in rounds.items()
                for figures in of_rounds
                for key, reason in figures.items()
                if isinstance(reason, str)
            }
        )
        self.verdicts = [v for name in ours for v in self._verdicts(name)]

    @staticmethod
    def _figures(rounds: list[dict]) -> dict[str, float]:
        figures = {}
        for metric in METRICS:
            values = [of_round[metric.name] for of_round in rounds if metric.name in of_round]
            if values:
                summary = max if metric.name in WORST else statistics.median
                figures[metric.name] = summary(values)
        return figures

    def reference(self, metric: Metric) -> float | None:
        against = metric.target.against if metric.target else None
        # A ratio to the echo tells something of every metric that the echo has too.
        return self.figures.get(against or ECHO, {}).get(metric.name)

    def _verdicts(self, subject: str) -> list[Verdict]:
        verdicts = []
        for metric in METRICS:
            value = self.figures[subject].get(metric.name)
            if metric.target is None or value is None:
                continue
            measured = metric.target.measured(value, self.reference(metric))
            if measured is not None:
                verdicts.append(Verdict(metric, subject, measured, metric.target.is_met(measured)))
        return verdicts

    # As a table

    def rows(self) -> list[list[str]]:
        subjects = list(self.figures)
        ratios = [name for name in subjects if name not in (ECHO, PLAIN)]
        head = ["", "unit", *subjects, *(f"{name} ×" for name in ratios), "target", ""]
        rows = [head]
        for metric in METRICS:
            values = [self.figures[name].get(metric.name) for name in subjects]
            if all(value is None for value in values):
                continue
            row = [metric.title, metric.unit.name]
            row += ["" if value is None else metric.unit.show(value) for value in values]
            row += [self._ratio(metric, name) for name in ratios]
            row.append(metric.target.show(metric.unit) if metric.target else "")
            row.append(self._mark(metric))
            rows.append(row)
        return rows

    def _ratio(self, metric: Metric, subject: str) -> str:
        value, reference = self.figures[subject].get(metric.name), self.reference(metric)
        if value is None or not reference or metric.name in WORST:
            return ""
        return f"{value / reference:.2f}"

    def _mark(self, metric: Metric) -> str:
        verdicts = [v.is_met for v in self.verdicts if v.metric is metric and v.subject == self.ours[0]]
        return "" if not verdicts else "met" if verdicts[0] else "MISSED"

    def missed(self) -> list[str]:
        return [
            f"{v.metric.title}: {self._said(v)}, target {v.metric.target.show(v.metric.unit)}"
            for v in self.verdicts
            if v.subject == self.ours[0] and not v.is_met
        ]

    @staticmethod
    def _said(verdict: Verdict) -> str:
        against, unit = verdict.metric.target.against, verdict.metric.unit
        if against:
            return f"{verdict.measured:.2f} × {against}"
        return f"{unit.show(verdict.measured)} {unit.name}".strip()

    def plain(self) -> str:
        rows = self.rows()
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]

        def line(row: list[str]) -> str:
            numbers = range(2, len(row) - 2)
            return "  ".join(c.rjust(w) if i in numbers else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths)))

        return "\n".join([*(line(row).rstrip() for row in rows), "", *self.remarks()])

    def remarks(self) -> list[str]:
        targets = [v for v in self.verdicts if v.subject == self.ours[0]]
        met = sum(v.is_met for v in targets)
        lines = [f"{name}: {value}" for name, value in self.circumstances.items()]
        lines += [f"failed: {failure}" for failure in self.failures]
        lines.append(f"targets met: {met} of {len(targets)}")
        return lines + [f"missed: {words}" for words in self.missed()]

    def markdown(self) -> str:
        rows = self.rows()
        alignment = ["---", "---", *["---:"] * (len(rows[0]) - 4), "---", "---"]
        lines = ["| " + " | ".join(row) + " |" for row in (rows[0], alignment, *rows[1:])]
        return "\n".join([*lines, "", *(f"* {remark}" for remark in self.remarks())])

    # As files

    def write_json(self, path: Path) -> None:
        verdicts = [
            {
                "metric": v.metric.name,
                "subject": v.subject,
                "against": v.metric.target.against,
                "measured": v.measured,
                "bound": v.metric.target.bound,
                "at_least": v.metric.target.at_least,
                "met": v.is_met,
            }
            for v in self.verdicts
        ]
        document = {
            "circumstances": self.circumstances,
            "figures": self.figures,
            "targets": verdicts,
            "failures": self.failures,
            "rounds": self.rounds,
        }
        path.write_text(json.dumps(document, indent=1) + "\n")

    def write_markdown(self, path: Path) -> None:
        """Puts the run into a page between its marks, or makes a page of it."""
        text = path.read_text() if path.exists() else f"{BEGIN}\n{END}\n"
        before, found, rest = text.partition(BEGIN)
        _, ended, after = rest.partition(END)
        if not (found and ended):
            raise SystemExit(f"{path} has no place for a run: it needs the lines {BEGIN} and {END}")
        path.write_text(f"{before}{BEGIN}\n\n{self.markdown()}\n\n{END}{after}")
