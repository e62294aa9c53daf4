"""Fixtures that every folder of tests shares."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def aemo_files() -> Path:
    """The folder of real AEMO files; tests that need it are skipped where it is not there."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "aemo"
    folder = Path(os.environ.get("NEMFLOW_TEST_AEMO_FILES", beside))
    if not folder.is_dir():
        pytest.skip("the real AEMO files are not here (NEMFLOW_TEST_AEMO_FILES)")
    return folder
