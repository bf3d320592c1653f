"""Other words by which people look for a command."""

from typing import Final

from planning.texts import mark
from widgets.theme import TEXT_SIZES, THEMES
from widgets.views.layouts import LAYOUTS

SYNONYMS: Final[dict[str, str]] = {
    "import_folder": mark("load open read images CT MR dicom study series PACS"),
    "import_file": mark("load open nifti nrrd mha archive zip"),
    "import_labels": mark("segmentation labels mask SEG RTSTRUCT STL OBJ mesh contour outline"),
    "import_folder_of_labels": mark("TotalSegmentator segmentation labels masks"),
    "load_plan": mark("JSON import plan"),
    "open": mark("load file project"),
    "demo": mark("example sample tutorial try"),
    "save": mark("store write keep"),
    "save_as": mark("copy rename store"),
    "save_named": mark("snapshot bookmark version"),
    "history": mark("versions compare record log go back restore"),
    "approve": mark("sign release sign-off"),
    "withdraw_approval": mark("unsign revoke cancel approval"),
    "report": mark("print PDF HTML document"),
    "export": mark("STL 3MF SEG mesh save as printer DICOM"),
    "close_case": mark("close end"),
    "quit": mark("exit leave end"),
    "undo": mark("back revert mistake"),
    "redo": mark("again forward repeat"),
    "duplicate_cut": mark("copy clone osteotomy blade plane"),
    "delete_cut": mark("remove osteotomy blade plane"),
    "lock_cut": mark("fix freeze osteotomy blade plane protect"),
    "confirm_levels": mark("vertebra count numbering wrong level"),
    "crosshair_mode": mark("cursor navigate position"),
    "window_mode": mark("contrast brightness grey HU windowing"),
    "outlines": mark("contours segmentation show hide"),
    "reset_views": mark("home zoom centre reset"),
    "next_image": mark("series phase MR switch"),
    "pieces": mark("specimen blocks parts explode"),
    "matrix": mark("table clearance distance margin numbers"),
    "picture": mark("screenshot image PNG photo"),
    "panels": mark("sidebar hide room"),
    "full_screen": mark("maximise whole presentation"),
    **{f"layout-{layout.id}": mark("layout arrange views screen monitor projector") for layout in LAYOUTS},
    **{f"theme-{name}": mark("theme colours bright night appearance") for name in THEMES},
    **{f"text-{percent}": mark("text size font large zoom letters") for percent in TEXT_SIZES},
    "steps": mark("undo list history back"),
    "cut_views": mark("slice plane osteotomy blade section"),
    "keys": mark("shortcuts keyboard hotkeys controls"),
    "palette": mark("search command find"),
    "guide": mark("manual documentation help how"),
    "explain": mark("what is this help context"),
    "tour": mark("introduction first steps tutorial"),
    "about": mark("version licence credits"),
}
