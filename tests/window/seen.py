"""What a person would find wrong with a widget that is laid out: words cut off, words on words, axes with nothing on.

It measures widgets and plots; what a widget paints by hand is its own test's affair, or the eye's.
"""

from __future__ import annotations

from itertools import combinations

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPicture
from PySide6.QtWidgets import (
    QAbstractButton,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QTabBar,
    QWidget,
)

SLACK = 2
"""Pixels: what rounding of a font's measures may cost."""


def faults(widget: QWidget) -> list[str]:
    """Everything that is wrong with it, in words."""
    seen = [each for each in [widget, *widget.findChildren(QWidget)] if _seen(each)]
    found = [fault for each in seen for fault in (*cut(each), *axes(each))]
    return found + on_each_other(widget, seen)


def _seen(widget: QWidget) -> bool:
    return widget.isVisible() and not widget.visibleRegion().isEmpty()


def _name(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    said = text() if callable(text) else widget.accessibleName()
    return f"{type(widget).__name__} “{' '.join(str(said).split())[:60]}”"


# ---------------------------------------------------------------- words that are cut


def cut(widget: QWidget) -> list[str]:
    if isinstance(widget, QLabel) and widget.text():
        return _cut_label(widget)
    if isinstance(widget, QAbstractButton) and widget.text():
        needs = widget.sizeHint()
        return _smaller(widget, needs)
    if isinstance(widget, QLineEdit) and not widget.text() and widget.placeholderText():
        wide = widget.fontMetrics().horizontalAdvance(widget.placeholderText()) + 8
        return _smaller(widget, QSize(wide, 0), f"QLineEdit “{widget.placeholderText()[:60]}”")
    if isinstance(widget, QHeaderView) and widget.orientation() == Qt.Orientation.Horizontal:
        return _cut_header(widget)
    if isinstance(widget, QTabBar):
        return _cut_tabs(widget)
    return []


def _cut_label(label: QLabel) -> list[str]:
    inside = label.contentsRect().size()
    if label.wordWrap():
        high = label.heightForWidth(label.width())
        return _smaller(label, QSize(0, high)) if high > label.height() + SLACK else _words_too_wide(label)
    if label.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored:
        wide = label.fontMetrics().horizontalAdvance(label.text())
        return [f"{_name(label)} needs {wide} of {inside.width()} pixels"] if wide > inside.width() + SLACK else []
    return _smaller(label, label.sizeHint())


def _words_too_wide(label: QLabel) -> list[str]:
    """A wrapped text breaks between words; one that is wider than the label is cut."""
    room, metrics = label.contentsRect().width(), label.fontMetrics()
    return [
        f"{_name(label)}: the word “{word[:40]}” needs {metrics.horizontalAdvance(word)} of {room} pixels"
        for word in label.text().split() if metrics.horizontalAdvance(word) > room + SLACK
    ]  # fmt: skip


def _smaller(widget: QWidget, needs: QSize, name: str = "") -> list[str]:
    if needs.width() <= widget.width() + SLACK and needs.height() <= widget.height() + SLACK:
        return []
    has = f"{widget.width()} × {widget.height()}"
    return [f"{name or _name(widget)} needs {needs.width()} × {needs.height()} and has {has}"]


def _cut_header(header: QHeaderView) -> list[str]:
    found, model, metrics = [], header.model(), QFontMetrics(header.font())
    for place in range(header.count()):
        if header.isSectionHidden(place):
            continue
        text = str(model.headerData(place, Qt.Orientation.Horizontal) or "")
        wide, has = metrics.horizontalAdvance(text) + 8, header.sectionSize(place)
        if text and wide > has + SLACK:
            found.append(f"Column “{text}” needs {wide} of {has} pixels")
    return found


def _cut_tabs(bar: QTabBar) -> list[str]:
    metrics = bar.fontMetrics()
    wide = {bar.tabText(at): bar.tabRect(at).width() for at in range(bar.count()) if bar.tabRect(at).isValid()}
    return [f"Tab “{text}” has {has} pixels" for text, has in wide.items()
            if metrics.horizontalAdvance(text) > has + SLACK]  # fmt: skip


# ---------------------------------------------------------------- axes


def axes(widget: QWidget) -> list[str]:
    """A plot whose axis says nothing, says it twice over itself, or whose title or labels are cut."""
    if not isinstance(widget, pg.PlotWidget):
        return []
    plot, found, name = widget.getPlotItem(), [], widget.accessibleName() or type(widget).__name__
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        if not axis.isVisible():
            continue
        texts = _ticks(axis)
        if not texts:
            found.append(f"{name}: nothing stands at its {side} axis")
        found += [f"{name}, {side}: “{a}” and “{b}” overlap" for (a, one), (b, other) in combinations(texts, 2)
                  if _overlap(one, other)]  # fmt: skip
        label = axis.label
        long = label.boundingRect().width()
        room = axis.size().height() if side == "left" else axis.size().width()
        if axis.label.isVisible() and long > room + SLACK:
            found.append(f"{name}: “{axis.labelText}” needs {long:.0f} of {room:.0f} pixels")
    cut = widget.centralWidget.size().width() - widget.width()
    if cut > SLACK:
        found.append(f"{name}: {cut:.0f} pixels of it lie outside")
    title = plot.titleLabel
    if title.isVisible() and title.item.boundingRect().width() > plot.size().width() + SLACK:
        found.append(f"{name}: its title is wider than it is")
    return found + _words_in(widget, name)


def _ticks(axis: pg.AxisItem) -> list[tuple[str, QRectF]]:
    picture = QPicture()
    painter = QPainter(picture)
    if axis.style["tickFont"]:
        painter.setFont(axis.style["tickFont"])
    specs = axis.generateDrawSpecs(painter)
    painter.end()
    return [(text, QRectF(rect)) for rect, _, text in (specs[2] if specs else []) if text.strip()]


def _words_in(widget: pg.PlotWidget, name: str) -> list[str]:
    """Names within a plot: inside of its frame, and none on another."""
    frame = widget.getViewBox().sceneBoundingRect().adjusted(-SLACK, -SLACK, SLACK, SLACK)
    texts = [item for item in widget.items() if isinstance(item, pg.TextItem) and item.isVisible()]
    boxes = [(item.toPlainText(), item.textItem.sceneBoundingRect()) for item in texts if item.toPlainText().strip()]
    found = [f"{name}: “{text}” stands out of the plot" for text, box in boxes if not frame.contains(box)]
    return found + [f"{name}: “{a}” and “{b}” overlap" for (a, one), (b, other) in combinations(boxes, 2)
                    if _overlap(one, other)]  # fmt: skip


def _overlap(one: QRectF, other: QRectF) -> bool:
    both = one.intersected(other)
    return both.width() > SLACK and both.height() > SLACK


# ---------------------------------------------------------------- words on words


def on_each_other(within: QWidget, seen: list[QWidget]) -> list[str]:
    """Labels and buttons that lie over one another. What is cut off by its parent counts as far as it is seen."""
    speaking = [(each, _box(each, within)) for each in seen
                if isinstance(each, QLabel | QAbstractButton | QLineEdit) and each is not within]  # fmt: skip
    return [
        f"{_name(a)} and {_name(b)} overlap" for (a, one), (b, other) in combinations(speaking, 2)
        if a.window() is b.window() and not (a.isAncestorOf(b) or b.isAncestorOf(a))
        and _overlap(QRectF(one), QRectF(other))
    ]  # fmt: skip


def _box(widget: QWidget, within: QWidget) -> QRect:
    region = widget.visibleRegion().boundingRect()
    top = widget.window() if not within.isAncestorOf(widget) else within
    return QRect(widget.mapTo(top, QPoint(0, 0)) + region.topLeft(), region.size())
