"""Put facts into the page."""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


def build_page(facts: Mapping[str, object]) -> str:
    """Return the page as HTML that shows `facts` (see ``facts.py`` for what they hold).

    Nothing in the facts is taken for markup: they stand in the page as JSON, whose ``<`` are escaped.
    """
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    page = _read("page.html")
    for name, content in (
        ("policy", _policy()),
        ("style", _read("page.css")),
        ("script", _read("page.js")),
        ("facts", text),
    ):
        page = page.replace(f"{{{{{name}}}}}", content, 1)
    return page


def _policy() -> str:
    """Return a Content-Security-Policy that lets this script run and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_read("page.js").encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
    )


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
