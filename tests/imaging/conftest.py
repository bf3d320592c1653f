"""One warm child process for all tests of the importer."""

from collections.abc import Iterator

import pytest

from planning.kernel.process import Worker


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    """A child process that reads files."""
    worker = Worker()
    yield worker
    worker.close()
