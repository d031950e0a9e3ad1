"""A local stand-in for SendGrid, X and Facebook that records everything it accepted.

It answers as the three providers document their answers (and, where the documents are silent, as
their users report them). It has never been compared with a live API.
"""

from __future__ import annotations
