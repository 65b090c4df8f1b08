"""A diary as days: paragraphs and list items are experiences, dates are sessions, and every date ends with a night.

A date stands in a heading (“## 2026-01-05, Trondheim”) or in the file's name (2026-01-05.md); other headings name the
session. A paragraph may begin with a time (“09:30 The ferry was late”). Files are read in the order of their names, so
that a diary which grows at its end is gone on with where a home stopped.
"""

import re
from pathlib import Path

from observatory.plugins.contract import Told

ENDINGS = (".md", ".markdown", ".txt")
DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
TIME = re.compile(r"^(\d{1,2}):(\d{2})\b[\s:,–-]*")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
ITEM = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?")
FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1")


class Diary:
    def __init__(self, options):
        self.path, self.nights, self.speaker = options["path"], options["nights"], options["speaker"]

    def day(self):
        if not self.path:
            return []
        told = [each for file in self._files() for each in self._of(file)]
        if not self.nights:
            return told
        dates = [*map(self._date, told), None]
        return [self._slept(each) if dates[at] != dates[at + 1] else each for at, each in enumerate(told)]

    def _files(self):
        place = Path(self.path).expanduser()
        if not place.exists():
            raise FileNotFoundError(f"there is no file or folder {place}; set path to where the diary is")
        if place.is_file():
            return [place]
        return sorted(each for each in place.rglob("*") if each.suffix.lower() in ENDINGS and each.is_file())

    def _of(self, file):
        text = FRONT.sub("", file.read_text("utf-8-sig").replace("\r\n", "\n"))
        named = DATE.search(file.stem)
        date, session = named.group(1) if named else "", file.stem
        for block in self._blocks(text):
            if heading := HEADING.match(block):
                dated = DATE.search(heading.group(1))
                date, session = dated.group(1) if dated else date, self._plain(heading.group(1))
            else:
                yield self._told(block, date, session)

    @staticmethod
    def _blocks(text):
        """Headings, paragraphs and list items, each in one line."""
        block = []
        for line in [*text.split("\n"), ""]:
            begins = HEADING.match(line) or ITEM.match(line)
            if block and (begins or not line.strip() or HEADING.match(block[0])):
                yield " ".join(block)
                block = []
            if line := ITEM.sub("", line).strip().lstrip(">").strip():
                block.append(line)

    def _told(self, block, date, session):
        clock = TIME.match(block) if date else None
        at = f"{date}T{int(clock.group(1)):02}:{clock.group(2)}:00Z" if clock else f"{date}T00:00:00Z" if date else ""
        text = self._plain(block[clock.end() :] if clock else block)
        return Told(text=text or block, at=at, session=session[:100], speaker=self.speaker or "user")

    @staticmethod
    def _plain(text):
        return EMPHASIS.sub(r"\2", LINK.sub(r"\1", text)).strip()

    @staticmethod
    def _date(told):
        return told.at[:10] or told.session

    @staticmethod
    def _slept(told):
        return Told(text=told.text, at=told.at, session=told.session, speaker=told.speaker, sleep_after=True)
