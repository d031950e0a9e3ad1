"""What the pages for subscribers look like: plain HTML, one stylesheet, no script."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse, Response

STYLES_PATH = "/subscribe/styles.css"

SHOWN, SURE = "shown", "sure"
"""Fields of a form that asks for consent: that it was shown, and that its box was ticked."""

STYLES = """\
/* The colours are those of the status page. */
:root { color-scheme: light dark; --paper: #f5f6f8; --card: #fff; --ink: #17202b; --soft: #525e6c;
  --rule: #d6dce3; --line: #76818e; --link: #0b57a4; --on-link: #fff; --wrong: #b3142a }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0f141a; --card: #18202a; --ink: #e8edf3; --soft: #a6b2c0; --rule: #2e3947;
    --line: #8593a3; --link: #84bbff; --on-link: #0f141a; --wrong: #ff8590 }
}
* { box-sizing: border-box }
body { background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif;
  max-width: 34rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
main { background: var(--card); border: 1px solid var(--rule); border-radius: .6rem;
  padding: 1.1rem; margin-top: 1rem }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .8rem; text-wrap: balance }
p { margin: .8rem 0 }
a { color: var(--link); text-underline-offset: .15em }
.back, .quiet, summary, dt { color: var(--soft) }
.back { margin: 0 }
.back a { display: inline-block; padding: .2rem 0 }
summary { cursor: pointer }
.wrong { border-inline-start: .3rem solid var(--wrong); padding-inline-start: .8rem }
form { margin: 1.2rem 0 0 }
label { display: block; margin: .5rem 0 }
input[type=email] { font: inherit; color: inherit; background: var(--paper); display: block;
  width: 100%; padding: .6rem; border: 1px solid var(--line); border-radius: .4rem }
.box { display: grid; grid-template-columns: auto 1fr; gap: .6rem; padding: .15rem 0;
  align-items: start }
.box input { width: 1.25rem; height: 1.25rem; margin: .15rem 0 0; accent-color: var(--link) }
fieldset { border: 0; margin: 1rem 0; padding: 0 }
legend { padding: 0; font-weight: 600 }
button { font: inherit; font-weight: 600; padding: .6rem 1.2rem; border-radius: .4rem;
  border: 1px solid var(--link); background: var(--link); color: var(--on-link); cursor: pointer }
button.second { background: none; color: var(--link) }
button.last { background: none; border-color: var(--wrong); color: var(--wrong) }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
dl { margin: 1rem 0 }
dd { margin: 0 0 .5rem }
hr { border: 0; border-top: 1px solid var(--rule); margin: 1.5rem 0 }
.other { position: absolute; left: -100rem }
"""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title>
<link rel="stylesheet" href="{styles}"></head>
<body>{back}<main><h1>{title}</h1>{body}</main></body></html>
"""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Pages:
    """Makes the pages; ``status_page`` is whether our own one is at the root of this service."""

    def __init__(self, *, status_page: bool = False) -> None:
        self._back = '<p class="back"><a href="/">Status page</a></p>' if status_page else ""

    def page(self, title: str, body: str, status: int = 200, **headers: str) -> Response:
        """A page with a heading; ``body`` is HTML, in which text from outside was escaped."""
        html = _PAGE.format(title=escape(title), styles=STYLES_PATH, body=body, back=self._back)
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return HTMLResponse(html, status_code=status, headers={**_HEADERS, **more})

    def said(self, title: str, *sentences: str, status: int = 200, **headers: str) -> Response:
        """A page that says something in plain text."""
        body = "".join(f"<p>{escape(one)}</p>" for one in sentences if one)
        return self.page(title, body, status, **headers)


def styles() -> Response:
    """The stylesheet."""
    headers = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(STYLES, media_type="text/css", headers=headers)


def form(*parts: str) -> str:
    """A form that posts to the same address."""
    return f'<form method="post">{"".join(parts)}</form>'


def submit(label: str, name: str = "", value: str = "", *, rank: str = "first") -> str:
    """A button that sends the form around it; ``rank`` is first, second or last on its page."""
    sent = f' name="{escape(name)}" value="{escape(value)}"' if name else ""
    return f'<button class="{rank}"{sent}>{escape(label)}</button>'


def consent(words: str) -> str:
    """A box that has to be ticked: whatever presses every button does not do so."""
    return (
        f'<input type="hidden" name="{SHOWN}" value="yes"><label class="box">'
        f'<input type="checkbox" name="{SURE}" value="yes" required> <span>{escape(words)}</span>'
        "</label>"
    )


def wrong(sentence: str) -> str:
    """What has to be mended before the form is sent again, above it."""
    return f'<p class="wrong" role="alert">{escape(sentence)}</p>' if sentence else ""


def choice(names: tuple[str, ...], chosen: tuple[str, ...]) -> str:
    """Boxes for the components; ``chosen`` is empty for all, and "" if there are none."""
    if not names:
        return ""
    boxes = "".join(
        f'<label class="box"><input type="checkbox" name="component" value="{escape(one)}"'
        f"{' checked' if one in chosen or not chosen else ''}> <span>{escape(one)}</span></label>"
        for one in names
    )
    return f"<fieldset><legend>What do you want to be told about?</legend>{boxes}</fieldset>"
