"""What the pages for subscribers look like: plain HTML, one stylesheet, no script."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse, Response

STYLES_PATH = "/subscribe/styles.css"

STYLES = """\
:root { color-scheme: light dark; --line: #767676 }
* { box-sizing: border-box }
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem;
  margin: 8vh auto; padding: 0 1.2rem; overflow-wrap: anywhere }
form { margin: 1.5rem 0 }
label { display: block; margin: .6rem 0 }
input[type=email] { font: inherit; display: block; width: 100%; padding: .6rem;
  border: 1px solid var(--line); border-radius: .5rem }
input[type=checkbox] { width: 1.2rem; height: 1.2rem; vertical-align: -.2rem }
fieldset { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0 }
button { font: inherit; padding: .7rem 1.4rem; border-radius: .5rem; border: 1px solid;
  cursor: pointer }
dt { font-weight: bold }
dd { margin: 0 0 .6rem }
.other { position: absolute; left: -100rem }
"""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title>
<link rel="stylesheet" href="{styles}"></head>
<body><main><h1>{title}</h1>{body}</main></body></html>
"""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(title: str, body: str, status: int = 200, **headers: str) -> Response:
    """A page with a heading; ``body`` is HTML, in which text from outside was escaped."""
    html = _PAGE.format(title=escape(title), styles=STYLES_PATH, body=body)
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return HTMLResponse(html, status_code=status, headers={**_HEADERS, **more})


def said(title: str, *sentences: str, status: int = 200, **headers: str) -> Response:
    """A page that says something in plain text."""
    body = "".join(f"<p>{escape(one)}</p>" for one in sentences if one)
    return page(title, body, status, **headers)


def styles() -> Response:
    """The stylesheet."""
    headers = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(STYLES, media_type="text/css", headers=headers)


def button(label: str, name: str = "", value: str = "") -> str:
    """A form with one button, which posts to the same address."""
    return f'<form method="post">{submit(label, name, value)}</form>'


def submit(label: str, name: str = "", value: str = "") -> str:
    """A button that sends the form around it."""
    sent = f' name="{escape(name)}" value="{escape(value)}"' if name else ""
    return f"<button{sent}>{escape(label)}</button>"


def choice(names: tuple[str, ...], chosen: tuple[str, ...]) -> str:
    """Boxes for the components; ``chosen`` is empty for all, and "" if there are none."""
    if not names:
        return ""
    boxes = "".join(
        f'<label><input type="checkbox" name="component" value="{escape(one)}"'
        f"{' checked' if one in chosen or not chosen else ''}> {escape(one)}</label>"
        for one in names
    )
    return f"<fieldset><legend>What do you want to be told about?</legend>{boxes}</fieldset>"
