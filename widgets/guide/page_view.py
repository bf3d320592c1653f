"""Shows one page of the guide: headings that can be jumped to, tables, pictures no wider than the page."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFrame,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)
from PySide6.QtWidgets import QTextBrowser, QWidget

from widgets.guide.pages import TOP, Page, Topic
from widgets.theme import present_theme

_PICTURE_PX: Final = 620
_MARGIN_PX: Final = 18


class PageView(QTextBrowser):
    """Shows a page; opens nothing outside the guide.

    Signals
    -------
    asked(Topic)
        A link to another place of the guide was followed.
    """

    asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page: Page | None = None
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.anchorClicked.connect(self._follow)

    def show_page(self, page: Page, anchor: str = TOP) -> None:
        """Show a page from one of its headings on."""
        if page is not self._page:
            self._page = page
            self.document().setMarkdown(page.markdown)
            self.document().setDocumentMargin(_MARGIN_PX)
            self._name_headings(page)
            self._dress_tables(self.document().rootFrame())
            self.moveCursor(QTextCursor.MoveOperation.Start)
        if anchor == TOP:
            self.verticalScrollBar().setValue(0)
        else:
            self.scrollToAnchor(anchor)

    def loadResource(self, kind: int, url: QUrl | str) -> object:  # noqa: N802 -- Qt's own name
        """Return a picture that lies beside the page, made to fit; nothing else is ever read."""
        del kind
        name = Path(url.path() if isinstance(url, QUrl) else url).name
        path = self._page.picture(name) if self._page is not None else None
        if path is None:
            return None
        picture = QImage(str(path))
        if picture.width() > _PICTURE_PX:
            picture = picture.scaledToWidth(_PICTURE_PX, Qt.TransformationMode.SmoothTransformation)
        return picture

    def _name_headings(self, page: Page) -> None:
        """Give every heading its name, and room above it."""
        anchors = iter(page.sections)
        block = self.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() > 0:
                section = next(anchors)
                cursor = QTextCursor(block)
                cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
                named = QTextCharFormat()
                named.setAnchor(True)
                named.setAnchorNames([section.anchor])
                cursor.mergeCharFormat(named)
                room = QTextBlockFormat()
                room.setTopMargin(0 if section.level == 1 else 16)
                room.setBottomMargin(6)
                cursor.mergeBlockFormat(room)
            block = block.next()

    def _dress_tables(self, frame: QTextFrame) -> None:
        for child in frame.childFrames():
            if isinstance(child, QTextTable):
                looks = child.format()
                looks.setCellPadding(5)
                looks.setCellSpacing(0)
                looks.setBorder(1)
                looks.setBorderCollapse(True)
                looks.setBorderBrush(QBrush(QColor(present_theme().border)))
                looks.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                looks.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
                child.setFormat(looks)
            self._dress_tables(child)

    def _follow(self, url: QUrl) -> None:
        if self._page is None or url.scheme():
            return
        name = Path(url.path()).stem or self._page.name
        self.asked.emit(Topic(name, url.fragment() or TOP))
