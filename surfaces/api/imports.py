"""Imports: a CSV file with a header row, kept, and brought in behind the answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from client.errors import WrongInput
from client.file_imports.model import ImportKind, ImportOrder, ImportStanding
from domain.explanation import Explanation
from domain.suppression import SuppressionReason
from surfaces.api.access import BASE, actor, engine_of
from surfaces.api.problems import NotThere
from surfaces.api.resource import Resource
from surfaces.api.shapes import AudienceInPath, Shown, Time, Told
from surfaces.api.uploads import imports_of, uploaded

router = APIRouter(route_class=Resource, prefix=BASE, tags=["imports"])

AT_ONCE = timedelta(seconds=1)
"""How long a request waits for its import: most files are in by then."""

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A CSV file with a header row, of at most 256 MB.",
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "address,name\nann@example.com,Ann\n",
            }
        },
    }
}

Column = Annotated[
    str,
    Query(
        description="The column that has the list; leave it out if the file says it.",
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]*$",
    ),
]
Pool = Annotated[
    str,
    Path(
        description="The pool's name; it is made if there is none.",
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        examples=["spring"],
    ),
]
ImportInPath = Annotated[
    str,
    Path(description="The import's id.", pattern="^[0-9a-f]{16}$", examples=["3f7a09c2d4e81b65"]),
]


class ReasonCounted(Shown):
    """How many rows cannot be used for one reason."""

    reason: str
    rows: int


class Import(Shown):
    """An import as it is now; it has no address.

    What came of it is kept for a day: how many rows were `added`, were `already_there`, were
    `usable` or `rejected`; null until it is `done`. `failure` says why it has `failed`; what was
    brought in until then stays, and the same file again adds nothing twice.
    """

    id: str
    kind: Literal["audience", "suppressions", "codes"]
    name: str = Field(description="Of the audience or the pool; empty for suppressions.")
    state: Literal["waiting", "running", "done", "failed"]
    percent: int
    asked_at: Time
    ended_at: Time | None
    added: int | None
    already_there: int | None
    usable: int | None
    rejected: int | None
    reasons: list[ReasonCounted]
    notices: list[str]
    failure: Told | None

    @classmethod
    def of(cls, found: ImportStanding) -> Import:
        """The same for the wire."""
        end, order = found.end, found.kept.order
        report = end.report if end is not None else None
        failure = end.failure if end is not None else None
        whole = end is not None and failure is None
        return cls(
            id=found.id,
            kind=order.kind.value,
            name=order.name,
            state=_state(found),
            percent=100 if whole else found.percent,
            asked_at=found.kept.asked_at,
            ended_at=end.ended_at if end is not None else None,
            added=end.added if end is not None and whole else None,
            already_there=end.already_there if end is not None and whole else None,
            usable=report.usable if report is not None else None,
            rejected=report.rejected if report is not None else None,
            reasons=[
                ReasonCounted(reason=_here(one.reason), rows=one.rows)
                for one in (report.reasons if report is not None else ())
            ],
            notices=[_here(one) for one in (report.notices if report is not None else ())],
            failure=_told(failure) if failure is not None else None,
        )


@router.post("/audiences/{name}/imports", status_code=201, openapi_extra=_FILE)
async def import_an_audience(
    request: Request, response: Response, name: AudienceInPath, column: Column = ""
) -> Import:
    """Add the people of a file to an audience, which is made if there is none."""
    order = ImportOrder(
        kind=ImportKind.AUDIENCE, name=name, column=column.strip(), actor=actor(request)
    )
    return await _begun(request, response, order)


@router.post("/suppressions/imports", status_code=201, openapi_extra=_FILE)
async def import_some_suppressions(
    request: Request,
    response: Response,
    reason: Annotated[SuppressionReason, Query(description="Why nobody of them is written to.")],
    column: Column = "",
) -> Import:
    """Put the addresses of a file on the list of those that must not be written to."""
    order = ImportOrder(
        kind=ImportKind.SUPPRESSIONS, reason=reason, column=column.strip(), actor=actor(request)
    )
    return await _begun(request, response, order)


@router.post("/code-pools/{pool}/imports", status_code=201, openapi_extra=_FILE)
async def import_some_codes(
    request: Request,
    response: Response,
    pool: Pool,
    column: Column = "",
    given_to_nobody: Annotated[
        bool, Query(description="After a restore: nobody has any of these codes.")
    ] = False,
) -> Import:
    """Add the codes of a file to a pool, in its order."""
    order = ImportOrder(
        kind=ImportKind.CODES,
        name=pool,
        column=column.strip(),
        cleared=given_to_nobody,
        actor=actor(request),
    )
    return await _begun(request, response, order)


@router.get("/imports/{import_id}")
async def read_import(request: Request, import_id: ImportInPath) -> Import:
    """How far an import is, or what came of it."""
    try:
        return Import.of(await imports_of(request).standing(import_id))
    except WrongInput as error:
        raise NotThere.of(error.explanation) from error


async def _begun(request: Request, response: Response, order: ImportOrder) -> Import:
    imports, came, engine = imports_of(request), uploaded(request), engine_of(request)
    asked = engine.request.id if engine.request is not None else ""
    name = await imports.accept_once(
        came.name, came.file, order.model_copy(update={"request": asked})
    )
    await imports.settled(name, AT_ONCE)
    response.headers["Location"] = f"{BASE}/imports/{name}"
    return Import.of(await imports.standing(name))


def _state(found: ImportStanding) -> Literal["waiting", "running", "done", "failed"]:
    if found.end is not None:
        return "failed" if found.end.failure is not None else "done"
    return "waiting" if found.waits or found.stalled else "running"


def _told(why: Explanation) -> Told:
    step = why.next_step.model_copy(update={"advice": _here(why.next_step.advice)})
    return Told.of(Explanation(what=_here(why.what), means=_here(why.means), next_step=step))


def _here(text: str) -> str:
    """``text`` about a file, with what the terminal calls an option as it is called here."""
    for option in ("--address-column", "--code-column"):
        text = text.replace(option, "`column`")
    return text.replace("Name another file with --rejects", "Make room on the console's disk")
