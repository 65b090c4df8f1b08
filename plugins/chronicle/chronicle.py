"""What a home was told, as a diary that anybody can read: a heading a date, a paragraph an episode, and the nights.

The diary plugin reads it back. It does not know what was learnt of it.
"""

import csv
import io

COLUMNS = ("number", "lived_at", "text", "surprise", "novelty", "value", "times read", "attention")


class Chronicle:
    def __init__(self, options):
        self.table = options["table"]

    def files(self, episodes, nights):
        told = [each for each in episodes if each.text]
        made = {"chronicle.md": self._diary(told).encode()}
        if nights:
            rows = [(night.number, night.stage, night.steps) for night in nights]
            made["nights.csv"] = self._csv(("night", "ended", "steps"), rows)
        if self.table:
            made["episodes.csv"] = self._csv(COLUMNS, [self._row(each) for each in told])
        return made

    @staticmethod
    def _diary(episodes):
        parts, date = [], None
        for each in episodes:
            if each.lived_at[:10] != date:
                date = each.lived_at[:10]
                parts.append(f"## {date or 'Some day'}")
            clock = each.lived_at[11:16]
            text = " ".join(each.text.split())
            parts.append(f"{clock} {text}" if clock and clock != "00:00" else text)
        return "\n\n".join(parts) + "\n"

    @staticmethod
    def _row(each):
        mass = sum(reading.mass * reading.weight for reading in each.readings)
        numbers = (round(each.surprise, 3), round(each.novelty, 3), each.value, len(each.readings), round(mass, 3))
        return (each.number, each.lived_at, each.text, *numbers)

    @staticmethod
    def _csv(head, rows):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
        return out.getvalue().encode()
