"""One audience, as somebody looks at it."""

from __future__ import annotations

import pytest

from domain.errors import DomainError
from store.kernel.database import Database
from store.people import audience_view, audiences
from store.people.audiences import AudienceRow


async def test_an_audience_has_the_columns_of_its_first_and_newest_recipients(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience_view, "LOOKED_AT", 2)
    rows = [AudienceRow(f"p{n}@example.com", {"name": "Ann"}) for n in range(9)]
    rows.append(AudienceRow("late@example.com", {"plan": "team"}, "eu"))
    await audiences.import_rows(database, "customers", rows)
    found = await audience_view.look(database, "customers", 1)
    assert found.columns == ("name", "plan", "segment")
    assert [one.address for one in found.first] == ["p0@example.com"]
    assert found.audience.recipients == 10
    assert found.audience.imported_at is not None
    assert (await audience_view.look(database, "customers", 0)).first == ()


async def test_an_audience_that_is_not_there_is_refused(database: Database) -> None:
    with pytest.raises(DomainError, match="There is no audience"):
        await audience_view.look(database, "nobody", 5)


async def test_a_source_that_breaks_at_once_leaves_no_audience(database: Database) -> None:
    def source() -> object:
        raise OSError("this is no list")
        yield

    with pytest.raises(OSError, match="no list"):
        await audiences.import_rows(database, "customers", source())  # type: ignore[arg-type]
    assert await audiences.list_audiences(database) == []
