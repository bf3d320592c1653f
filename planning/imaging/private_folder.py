"""A folder for patient data on its way in: nobody else reads it, and it goes when nobody needs it."""

import os
import shutil
import tempfile
import weakref
from pathlib import Path


class PrivateFolder:
    """A temporary folder (mode 0700) that is removed with the last reference to this value."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"enbloc-import-{os.getpid()}-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def remove(self) -> None:
        """Remove the folder now."""
        self._remove()
