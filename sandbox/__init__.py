"""A local stand-in for SendGrid, X and Facebook that keeps books of everything it accepted.

It answers as the three providers document that they answer (and as their users report where the
documents are silent). It has never been compared with a live API.
"""

from __future__ import annotations
