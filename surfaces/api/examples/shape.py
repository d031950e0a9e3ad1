"""What all examples have in common."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

DIGEST = "3f2a91bc5d0e4c7788aa19b3c2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6"
