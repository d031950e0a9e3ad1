"""The HTML pages of the site."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from channels.website.addresses import HISTORY, INDEX, MISSING, Addresses, root_from
from channels.website.assets import assets
from channels.website.changes import changes_in
from channels.website.history import by_year, last_days
from channels.website.json_files import content_digest
from channels.website.views import article_view, groups_of, incident_view
from channels.website.wording import description_of, moment, shape_of, stamp
from domain.page_state import is_over, newest_article
from domain.status_page import PageIncident, PageUpdate, StatusPage, article_path, incident_path
from domain.times import show_clock, show_day


class Pages:
    """The pages of one snapshot. ``subscribe`` says whether there is a sign-up below the site."""

    def __init__(self, page: StatusPage, *, subscribe: bool) -> None:
        self._page = page
        self._subscribe = subscribe
        self._changes = changes_in(page)
        self._content = content_digest(page)

    def details(self) -> Iterator[tuple[str, bytes]]:
        """The path and the content of every page but the index, which points to them."""
        for incident in self._page.incidents:
            yield self._incident(incident)
            for update in incident.updates:
                if update.entry.article:
                    yield self._article(incident, update)
        yield from self._history()
        yield self._missing()

    def index(self) -> tuple[str, bytes]:
        """The page that people come to."""
        page = self._page
        open_ones = [one for one in page.incidents if not is_over(one)]
        article = newest_article(page)
        return self._show(
            INDEX,
            "index.html",
            description=description_of(page),
            shape=shape_of(page),
            incidents=[incident_view(page, one, self._changes, level=2) for one in open_ones],
            groups=groups_of(page),
            article=article_view(*article) if article else None,
            days=[
                (day.day, self._lines(day.begun), self._lines(day.continued))
                for day in last_days(page)
            ],
        )

    def _incident(self, incident: PageIncident) -> tuple[str, bytes]:
        view = incident_view(self._page, incident, self._changes, level=1)
        return self._show(f"{incident_path(incident.id)}{INDEX}", "incident.html", incident=view)

    def _article(self, incident: PageIncident, update: PageUpdate) -> tuple[str, bytes]:
        return self._show(
            f"{article_path(update.id)}{INDEX}",
            "article.html",
            article=article_view(incident, update),
            incident=incident_view(self._page, incident, self._changes, level=1),
            # Safe: domain.status_page says that it was made from the text by our own renderer.
            html=Markup(update.html),
            mark=None if update.mark in update.text else update.mark,
        )

    def _history(self) -> Iterator[tuple[str, bytes]]:
        years = by_year(self._page.incidents)
        numbers = [year for year, _ in years]
        for year, incidents in years:
            path = f"{HISTORY}{year}/{INDEX}"
            yield self._show(
                path, "history.html", year=year, years=numbers, incidents=self._lines(incidents)
            )
        year, newest = years[0] if years else (self._page.generated_at.year, ())
        yield self._show(
            f"{HISTORY}{INDEX}",
            "history.html",
            year=year,
            years=numbers,
            incidents=self._lines(newest),
        )

    def _missing(self) -> tuple[str, bytes]:
        # It is shown at any address, so only whole paths lead from it to anything.
        return self._show(MISSING, "missing.html", root=Addresses(self._page.url).folder)

    def _lines(self, incidents: tuple[PageIncident, ...]) -> list[object]:
        return [incident_view(self._page, one, self._changes, level=3) for one in incidents]

    def _show(
        self, path: str, template: str, *, root: str | None = None, **context: object
    ) -> tuple[str, bytes]:
        where = path.removesuffix(INDEX)
        text = (
            _environment()
            .get_template(template)
            .render(
                page=self._page,
                root=root or root_from(path),
                address=Addresses(self._page.url).absolute(where),
                assets={name: asset.path for name, asset in assets().items()},
                subscribe=self._subscribe,
                content=self._content,
                **context,
            )
        )
        return path, text.encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "clock": show_clock,
        "day": show_day,
        "moment": moment,
        "stamp": stamp,
    }
    return environment
