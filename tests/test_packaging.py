"""The wheel and the sdist: what is in them, and that the wheel works where nothing else is.

Each other interpreter gets a new environment with everything that the wheel asks for, which takes
ten to twenty seconds; the running one gets the wheel alone and borrows what is installed already.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("cli", "flows", "results", "tasks")
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
NOT_SOURCE = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "demo", "*.egg-info")


def run(*command: object, **options: object) -> str:
    """Run a command to its end and return what it wrote to standard output.

    Raises:
        AssertionError: it did not end with 0.
    """
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, **options
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree, links and all, so that building leaves nothing in the tree itself."""
    return shutil.copytree(
        ROOT, tmp_path_factory.mktemp("source") / "nemflow", symlinks=True, ignore=NOT_SOURCE
    )


@pytest.fixture(scope="module")
def building(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment variables under which the build's own requirements are found."""
    folder = tmp_path_factory.mktemp("build-requirements")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    requires = project["build-system"]["requires"]
    run(sys.executable, "-m", "pip", "install", "-q", "--target", folder, *requires)
    return {**os.environ, "PYTHONPATH": str(folder)}


def build_wheel(source: Path, to: Path, building: dict[str, str]) -> Path:
    """Build a wheel from a folder of source or from an sdist."""
    words = ("wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", to, source)
    run(sys.executable, "-m", "pip", *words, env=building)
    [wheel] = to.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(source, building, tmp_path_factory) -> Path:
    return build_wheel(source, tmp_path_factory.mktemp("wheel"), building)


@pytest.fixture(scope="module")
def sdist(source, building, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    script = f"from setuptools.build_meta import build_sdist; print(build_sdist({str(folder)!r}))"
    return folder / run(sys.executable, "-c", script, cwd=source, env=building).splitlines()[-1]


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def modules_of_the_tree() -> set[str]:
    """Return every module as it is to be called in the wheel."""
    face = ROOT / "nemflow"
    real = [path for path in face.iterdir() if path.is_dir() and not path.is_symlink()]
    own = {str(path.relative_to(ROOT)) for path in face.glob("*.py")}
    own |= {str(path.relative_to(ROOT)) for folder in real for path in folder.rglob("*.py")}
    below = {
        f"nemflow/{path.relative_to(ROOT)}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    }
    return own | below


def test_the_wheel_holds_every_module_and_the_mark_of_types(wheel):
    assert {name for name in names_in(wheel) if name.endswith(".py")} == modules_of_the_tree()
    assert "nemflow/py.typed" in names_in(wheel)


def test_nothing_of_the_wheel_lands_bare_in_site_packages(wheel):
    tops = {name.partition("/")[0] for name in names_in(wheel)}
    assert tops == {"nemflow", wheel.name.rpartition("-py3")[0] + ".dist-info"}


def test_the_wheel_needs_what_the_project_says_and_no_test_tools(wheel):
    [metadata] = [name for name in names_in(wheel) if name.endswith("/METADATA")]
    with zipfile.ZipFile(wheel) as archive:
        lines = archive.read(metadata).decode().splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needs = {line.partition(": ")[2] for line in lines if line.startswith("Requires-Dist: ")}
    plain = {need for need in needs if "extra ==" not in need}
    assert plain == set(project["dependencies"])
    assert f"Requires-Python: {project['requires-python']}" in lines


def test_the_sdist_builds_the_same_wheel_and_carries_its_tests(sdist, wheel, building, tmp_path):
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "Makefile", "tests/test_packaging.py"} <= inside
    rebuilt = build_wheel(sdist, tmp_path, building)
    assert sorted(names_in(rebuilt)) == sorted(names_in(wheel))


def interpreters(version: str) -> Iterator[Path]:
    """Yield where an interpreter may be: on the PATH, or what a version manager's shim stands for."""
    name = f"python{version}"
    for folder in os.get_exec_path():
        yield Path(folder) / name
        if Path(folder).name == "shims":
            yield from sorted(Path(folder).parent.glob(f"versions/{version}*/bin/{name}"))


def find_interpreter(version: str) -> Path | None:
    """Return an interpreter that really runs; shims may be there and refuse."""
    for path in interpreters(version):
        if (
            path.exists()
            and not subprocess.run([path, "-c", "import venv"], capture_output=True).returncode
        ):
            return path
    return None


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Path]:
    """Where a test may make an environment, which is large and goes at once."""
    yield tmp_path / "environment"
    shutil.rmtree(tmp_path / "environment", ignore_errors=True)


def install(wheel: Path, environment: Path, version: str) -> dict[str, str]:
    """Make an environment with the wheel in it; return the variables that its commands need."""
    python = sys.executable if version == RUNNING else find_interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not here")
    run(python, "-m", "venv", "--without-pip", environment)
    # Byte code for all of pandas would take longer than the rest.
    options = ["-q", "--no-compile", *(["--no-deps"] if version == RUNNING else [])]
    run(sys.executable, "-m", "pip", "--python", environment, "install", *options, wheel)
    # A folder of PYTHONPATH lends its packages, but not what is installed editable.
    return {"PYTHONPATH": sysconfig.get_path("purelib")} if version == RUNNING else {}


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_wheel_runs_the_main_job_in_an_empty_folder(wheel, environment, tmp_path, version):
    variables = {
        **install(wheel, environment, version),
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "share"),
        "NEMFLOW_STATE_DIR": str(tmp_path / "state"),
    }
    surroundings = {"cwd": tmp_path / "empty", "env": variables}
    surroundings["cwd"].mkdir()
    python = environment / "bin" / "python"
    imported = run(python, "-c", "import nemflow; print(nemflow.__file__)", **surroundings)
    assert Path(imported.strip()).is_relative_to(environment)
    words = ("run", "--sandbox", "--date", "2014-01-01")
    assert "written, 1,440 rows" in run(environment / "bin" / "nemflow", *words, **surroundings)
    [clean] = tmp_path.glob("share/**/clean/**/nem_prices_2014-01-01.parquet")
    assert pq.read_table(clean, partitioning=None).num_rows == 1440
    assert list(surroundings["cwd"].iterdir()) == []
