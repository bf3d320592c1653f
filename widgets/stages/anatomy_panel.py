"""The Anatomy stage: structures by group, how they are drawn, who vouches for them, and the level count."""

from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QColorDialog,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QSlider,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from planning.editing.case_edits import SetLook
from planning.model.anatomy_table import AnatomyTable
from planning.model.case import Case, StructureLook
from planning.model.limits import Limits
from planning.model.structures import ReviewState, Structure
from planning.safety.reviews import asked_for_review, draft_after
from planning.texts import about, literal, tr
from widgets.access import allow
from widgets.empty_state import EmptyState
from widgets.flow_row import FlowRow
from widgets.icons import icon, swatch
from widgets.level_words import level_words
from widgets.plain_text import cubic_centimetres, label, tip
from widgets.review_words import listed_state, standing_of, states_explained
from widgets.structure_titles import GROUP_ORDER, GROUP_WORDS, by_level, short_title
from widgets.theme import scaled
from widgets.together import Together

EYE, NAME, STATE, VOLUME, OUTLINE = range(5)
_LEAST_LIST_PX = 140
_ID = Qt.ItemDataRole.UserRole


class AnatomyPanel(QWidget):
    """The structure list and what is said about it.

    Signals
    -------
    edited(Edit), previewed(Edit)
        A look changed for good, or is being dragged.
    review_asked(Structure)
        A person wants to set draft, reviewed or approved.
    not_in_field_asked(), levels_asked(), labels_asked(), folder_of_labels_asked()
    structure_chosen(str)
        Fly there.
    """

    edited = Signal(object)
    previewed = Signal(object)
    review_asked = Signal(object)
    not_in_field_asked = Signal()
    levels_asked = Signal()
    labels_asked = Signal()
    folder_of_labels_asked = Signal()
    structure_chosen = Signal(str)

    def __init__(self, table: AnatomyTable, limits: Limits, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table, self._limits = table, limits
        self._asked: frozenset[str] = frozenset()
        self._case: Case | None = None
        self.levels = label("", wrap=True)
        self.confirm = QPushButton(tr("Confirm levels..."))
        self.confirm.clicked.connect(self.levels_asked)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(5)
        self.tree.setHeaderLabels(["", tr("Structure"), tr("State"), tr("cm³"), ""])
        self.tree.setAccessibleName(tr("Structures"))
        self.tree.headerItem().setToolTip(VOLUME, tip(tr("Volume of the outline's voxels")))
        self.tree.headerItem().setToolTip(STATE, tip(states_explained()))
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(6)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(24)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._fit_to_text()
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.moveSection(OUTLINE, NAME)  # beside the eye
        self.tree.itemClicked.connect(self._clicked)
        self.tree.itemDoubleClicked.connect(self._double_clicked)
        self.tree.currentItemChanged.connect(lambda _now, _before: self._show_look())
        self.tree.customContextMenuRequested.connect(self._menu)
        self.empty = label(
            tr("No structures yet. Import a label map (NIfTI, NRRD, MHA), a DICOM segmentation or structure "
               "set, a surface (STL, OBJ, PLY), or a folder such as TotalSegmentator's. Or drop it here."),
            "muted", wrap=True,
        )  # fmt: skip
        self.no_image = EmptyState(
            tr("Structures lie on images. Open a case or import images first."), tr("Open or import...")
        )
        self.labels_button = QPushButton(icon("import"), tr("Import structures"))
        sources = QMenu(self.labels_button)
        sources.addAction(tr("From a file..."), self.labels_asked.emit)
        sources.addAction(tr("From a folder..."), self.folder_of_labels_asked.emit)
        self.labels_button.setMenu(sources)
        self.review = QPushButton(tr("Review..."))
        self.review.clicked.connect(self._ask_review)
        self.standing = label("", "muted", wrap=True)
        self.missing = QPushButton(tr("Not in this field..."))
        self.missing.clicked.connect(self.not_in_field_asked)
        self.colour = QPushButton(tr("Colour..."))
        self.colour.clicked.connect(self._choose_colour)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)  # 0 leaves the outline on slices alone
        self.opacity.setAccessibleName(tr("Opacity"))
        self.opacity.valueChanged.connect(self._dim)
        self.opacity.sliderReleased.connect(lambda: self._emit_look(opacity=self.opacity.value() / 100))
        self._lay_out()
        self.show_case(None)

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the letters."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._fit_to_text()

    def _fit_to_text(self) -> None:
        for column, width in ((EYE, 28), (OUTLINE, 26), (STATE, 62), (VOLUME, 46)):
            self.tree.setColumnWidth(column, scaled(width))
        self.tree.setMinimumHeight(scaled(_LEAST_LIST_PX))

    def show_case(self, case: Case | None) -> None:
        """Show the structures of a case; rebuilt only where they or their looks changed."""
        before, self._case = self._case, case
        anatomy = case.anatomy if case is not None else None
        self.no_image.setVisible(anatomy is None)
        self.empty.setVisible(anatomy is not None and not anatomy.structures)
        why_not = "" if anatomy is not None else tr("Import images first: structures lie on an image.")
        named = tr("Say, with your name, that a kind of structure does not run through this image.")
        for button, words in ((self.labels_button, ""), (self.missing, named)):
            allow(button, why_not, words)
        self._show_levels()
        old = before.anatomy if before is not None else None
        if old is not anatomy:
            self._rebuild()
        elif before is not None and case is not None and before.looks != case.looks:
            self._refresh()
        self._show_look()

    @property
    def chosen(self) -> Structure | None:
        """The structure under the cursor, or None."""
        item = self.tree.currentItem()
        case = self._case
        if item is None or case is None or case.anatomy is None:
            return None
        return case.anatomy.structure(str(item.data(NAME, _ID)))

    def next_draft(self, after: str = "") -> Structure | None:
        """Return the draft to review next, in the list's order after one; what the limits ask for first."""
        anatomy = self._case.anatomy if self._case is not None else None
        return draft_after(anatomy, self._listed(), self._asked, after) if anatomy is not None else None

    def asked_beside(self, structure: Structure) -> int:
        """Return how many more drafts the limits ask a person to see."""
        return len(self._asked - {structure.id})

    def beside(self, steps: int) -> Structure | None:
        """Return the structure so many lines after the chosen one, in the list's order; round at its ends."""
        listed, anatomy = self._listed(), self._case.anatomy if self._case is not None else None
        if not listed or anatomy is None:
            return None
        chosen = self.chosen
        at = listed.index(chosen.id) if chosen is not None else (-1 if steps > 0 else 0)
        return anatomy.structure(listed[(at + steps) % len(listed)])

    def choose(self, structure_id: str) -> None:
        """Put the list's cursor on a structure."""
        for item in self._items():
            if item.data(NAME, _ID) == structure_id:
                self.tree.setCurrentItem(item)
                self.tree.scrollToItem(item)

    def _items(self) -> list[QTreeWidgetItem]:
        heads = [self.tree.topLevelItem(n) for n in range(self.tree.topLevelItemCount())]
        items = [head.child(m) for head in heads if head is not None for m in range(head.childCount())]
        return [item for item in items if item is not None]

    def _listed(self) -> list[str]:
        return [str(item.data(NAME, _ID)) for item in self._items()]

    def _ask_review(self) -> None:
        structure = self.chosen or self.next_draft()
        if structure is not None:
            self.review_asked.emit(structure)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 8, 8)
        column.addWidget(label(tr("Level count"), "title"))
        row = QHBoxLayout()
        row.addWidget(self.levels, 1)
        row.addWidget(self.confirm, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        column.addSpacing(4)
        column.addWidget(label(tr("Structures"), "title"))
        column.addWidget(self.no_image)
        column.addWidget(self.empty)
        column.addWidget(self.tree, 1)
        reviewing = QHBoxLayout()
        reviewing.addWidget(self.review)
        reviewing.addWidget(self.standing, 1)
        column.addLayout(reviewing)
        look = QHBoxLayout()
        look.addWidget(self.colour)
        look.addWidget(label(tr("Opacity"), "muted"))
        look.addWidget(self.opacity, 1)
        column.addLayout(look)
        buttons = FlowRow(4)  # one below the other where large words leave no room
        buttons.addWidget(self.labels_button)
        buttons.addWidget(self.missing)
        column.addLayout(buttons)

    def _show_levels(self) -> None:
        anatomy = self._case.anatomy if self._case is not None else None
        if anatomy is None or not anatomy.levels:
            self.levels.setText(tr("No vertebra with a level yet."))
            self.confirm.setEnabled(False)
            self.confirm.setToolTip(tip(tr("Import labelled vertebrae first.")))
            return
        confirmed = anatomy.levels_confirmed
        self.confirm.setEnabled(True)
        self.confirm.setText(tr("Confirm levels...") if confirmed is None else tr("Change..."))
        self.confirm.setToolTip("")
        self.levels.setText(level_words(anatomy))

    def _rebuild(self) -> None:
        present = self.tree.currentItem()
        chosen = present.data(NAME, _ID) if present is not None else None
        self.tree.clear()
        anatomy = self._case.anatomy if self._case is not None else None
        groups: dict[str, list[Structure]] = {}
        for structure in anatomy.structures if anatomy is not None else ():
            groups.setdefault(self._table.entry(structure.kind).group, []).append(structure)
        for group in sorted(groups, key=GROUP_ORDER.index):
            head = QTreeWidgetItem(self.tree, ["", tr(GROUP_WORDS[group]), "", "", ""])
            head.setFirstColumnSpanned(False)
            head.setForeground(NAME, self.palette().placeholderText())
            head.setData(EYE, _ID, group)
            for structure in sorted(groups[group], key=by_level):
                item = QTreeWidgetItem(head)
                item.setData(NAME, _ID, structure.id)
                item.setTextAlignment(VOLUME, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if structure.id == chosen:
                    self.tree.setCurrentItem(item)
            head.setExpanded(True)
        self._refresh()

    def _refresh(self) -> None:
        anatomy = self._case.anatomy if self._case is not None else None
        drafts = asked_for_review(anatomy, self._limits) if anatomy is not None else ()
        self._asked = frozenset(s.id for s in drafts)
        for n in range(self.tree.topLevelItemCount()):
            head = self.tree.topLevelItem(n)
            if head is None:
                continue
            seen = [self._show_item(head.child(m)) for m in range(head.childCount())]
            head.setIcon(EYE, icon("eye" if any(seen) else "eye-off", steady=True))

    def _show_item(self, item: QTreeWidgetItem | None) -> bool:
        anatomy = self._case.anatomy if self._case is not None else None
        structure = self._structure(item)
        if item is None or structure is None or anatomy is None:
            return False
        look = self.look_of(structure)
        item.setIcon(EYE, icon("eye" if look.visible else "eye-off"))
        item.setIcon(OUTLINE, icon("outline" if look.visible and look.outlined else "outline-off"))
        item.setToolTip(OUTLINE, tip(tr("Outlines on slices")))
        item.setIcon(NAME, swatch(look.colour_rgb))
        item.setText(NAME, literal(short_title(structure)))
        item.setToolTip(NAME, tip(f"{structure.title}. {structure.source}".strip(" .")))
        state, explained = listed_state(structure, asked=structure.id in self._asked)
        item.setText(STATE, state)
        item.setToolTip(STATE, tip(explained))
        item.setText(VOLUME, cubic_centimetres(anatomy.volume_mm3(structure)).split()[0])
        return look.visible

    def look_of(self, structure: Structure) -> StructureLook:
        """Return how a structure is drawn now."""
        chosen = self._case.look(structure.id) if self._case is not None else None
        return chosen or self._table.look(structure)

    def _structure(self, item: QTreeWidgetItem | None) -> Structure | None:
        anatomy = self._case.anatomy if self._case is not None else None
        return (
            anatomy.structure(str(item.data(NAME, _ID))) if anatomy is not None and item is not None else None
        )

    def _clicked(self, item: QTreeWidgetItem, column: int) -> None:
        structure = self._structure(item)
        if column == EYE and structure is not None:
            look = self.look_of(structure)
            self.edited.emit(SetLook(structure.id, replace(look, visible=not look.visible), structure.title))
        elif column == EYE:
            self._toggle_group(item)
        elif column == OUTLINE and structure is not None:
            look = self.look_of(structure)
            outlined = not (look.visible and look.outlined)
            look = replace(look, outlined=outlined, visible=look.visible or outlined)
            self.edited.emit(SetLook(structure.id, look, structure.title))
        elif column == STATE and structure is not None:
            self.review_asked.emit(structure)

    def _toggle_group(self, head: QTreeWidgetItem) -> None:
        members = [self._structure(head.child(n)) for n in range(head.childCount())]
        structures = [s for s in members if s is not None]
        show = not any(self.look_of(s).visible for s in structures)
        words = (
            tr("Show {group}", group=head.text(NAME)) if show else tr("Hide {group}", group=head.text(NAME))
        )
        looks = tuple(SetLook(s.id, replace(self.look_of(s), visible=show), s.title) for s in structures)
        self.edited.emit(Together(words, looks))

    def _double_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        structure = self._structure(item)
        if column == NAME and structure is not None:
            self.structure_chosen.emit(structure.id)

    def _show_look(self) -> None:
        structure = self.chosen
        self._show_standing(structure)
        for part in (self.colour, self.opacity):
            part.setEnabled(structure is not None)
            part.setToolTip("" if structure is not None else tip(tr("Choose a structure in the list first.")))
        if structure is not None and not self.opacity.isSliderDown():
            self.opacity.blockSignals(True)
            self.opacity.setValue(round(self.look_of(structure).opacity * 100))
            self.opacity.blockSignals(False)

    def _show_standing(self, chosen: Structure | None) -> None:
        anatomy = self._case.anatomy if self._case is not None else None
        structures = anatomy.structures if anatomy is not None else ()
        drafts = sum(s.review.state is ReviewState.DRAFT for s in structures)
        self.review.setEnabled(bool(structures) and (chosen is not None or drafts > 0))
        if not structures:
            words = tr("Nothing to review yet.")
        elif chosen is not None:
            words = about(short_title(chosen), standing_of(chosen))
        else:
            words = tr("{count} of {all} are drafts nobody has checked", count=drafts, all=len(structures))
        self.standing.setText(words)
        why = tr("Flies there, so that you can look through it, and asks what you find.\n{states}",
                 states=states_explained())  # fmt: skip
        self.review.setToolTip(tip(why if self.review.isEnabled() else words))

    def _dim(self, percent: int) -> None:
        structure = self.chosen
        if structure is None:
            return
        look = replace(self.look_of(structure), opacity=percent / 100)
        edit = SetLook(structure.id, look, structure.title)
        (self.previewed if self.opacity.isSliderDown() else self.edited).emit(edit)

    def _choose_colour(self) -> None:
        structure = self.chosen
        if structure is None:
            return
        before = QColor(*self.look_of(structure).colour_rgb)
        colour = QColorDialog.getColor(before, self, tr("Colour of {title}", title=structure.title))
        if colour.isValid():
            self._emit_look(colour_rgb=(colour.red(), colour.green(), colour.blue()))

    def _emit_look(self, **values: object) -> None:
        structure = self.chosen
        if structure is not None:
            look = replace(self.look_of(structure), **values)  # type: ignore[arg-type]
            self.edited.emit(SetLook(structure.id, look, structure.title))

    def _menu(self, at: QPoint) -> None:
        structure = self._structure(self.tree.itemAt(at))
        if structure is None:
            return
        # The window's own: Qt complains of a menu that belongs to a panel with a system window of its own.
        menu = QMenu(self.window())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Fly there"), lambda: self.structure_chosen.emit(structure.id))
        menu.addAction(tr("Review..."), lambda: self.review_asked.emit(structure))
        menu.addAction(
            tr("Default look"), lambda: self.edited.emit(SetLook(structure.id, None, structure.title))
        )
        menu.popup(self.tree.viewport().mapToGlobal(at))


def now() -> datetime:
    """Return the present moment for what a person decides."""
    return datetime.now(UTC)
