"""Which place of the guide explains which part of the window: one map, from class name to topic."""

from typing import Final

from PySide6.QtCore import QObject

from widgets.guide.pages import Topic

TOPICS: Final[dict[str, str]] = {
    # the window
    "MainWindow": "getting-started#stages",
    "Welcome": "getting-started",
    "StageBar": "getting-started#stages",
    "PatientBanner": "anatomy#levels",
    "FourUp": "views",
    "SpineView": "views#spine",
    "CutView": "views#cut",
    "SliceView": "views#slices",
    "MessageBar": "recovery#fault",
    "JobBar": "getting-started#marks",
    "SafetyBoard": "safety-board",
    "CutsPanel": "cuts#add",
    # the stages
    "CasePanel": "import",
    "ImagesBox": "import#findings",
    "AnatomyPanel": "anatomy",
    "PlanPanel": "cuts",
    "CutEditor": "cuts#move",
    "VesselPanel": "cuts#vessels",
    "CheckPanel": "cuts#pieces",
    "StepsPanel": "cuts#move",
    "TargetsPanel": "cuts#add",
    "ApartWindow": "views#layouts",
    # the dialogs
    "SeriesDialog": "import#images",
    "ArrivalsDialog": "import#structures",
    "RecoveryDialog": "recovery",
    "HistoryDialog": "recovery#versions",
    "MatrixDialog": "safety-board#read",
    "OutputDialog": "report",
    "ApproveDialog": "report#approve",
    "WithdrawDialog": "report#approve",
    "AcceptDialog": "safety-board#accept",
    "LevelsDialog": "anatomy#levels",
    "ReviewDialog": "anatomy#review",
    "NotInFieldDialog": "anatomy#missing",
    "NamedDialog": "import#findings",
    "ToolsDialog": "cuts#tools",
    "DetailsDialog": "recovery#fault",
    "KeySheet": "keys",
    "CommandPalette": "keys#shortcuts",
}


def topic_of(part: QObject | None) -> Topic | None:
    """Return what explains a part of the window, or else what it lies in; None where nothing does."""
    while part is not None:
        for kind in type(part).__mro__:
            if kind.__name__ in TOPICS:
                return Topic.of(TOPICS[kind.__name__])
        part = part.parent()
    return None
