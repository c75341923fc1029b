"""Where photographs for tests lie: those the demo has drawn, and real ones beside the project."""

from __future__ import annotations

import os
from pathlib import Path

DRAWN = Path(__file__).resolve().parents[2] / "desk" / "demo" / "photos"
CORPUS = Path(os.environ["CORPUS_DIR"]) / "photos" if os.environ.get("CORPUS_DIR") else None
