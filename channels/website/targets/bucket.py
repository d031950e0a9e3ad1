"""A bucket of an S3 service: objects are replaced one by one, the index last.

``snapshot.json`` says which snapshot is there, or is being written. It is only ever replaced if it
is still what was read before (``If-Match``), so that of two writers one goes first. Details are
written before what leads to them: whoever reads meanwhile finds older pages, never a broken link.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store
from pydantic import AwareDatetime, BaseModel, ValidationError

from channels.contract import BadCredentials, OutcomeUnknown, Unreachable
from channels.website.settings import WebsiteSettings
from channels.website.site import Site, SiteFile
from channels.website.targets.target import SNAPSHOT

if TYPE_CHECKING:
    # The library has it in its stubs alone.
    from obstore.store import S3Config

TURN = timedelta(seconds=30)
"""How long a writer has for a snapshot. After that another one may take over."""

_AGAIN = 0.1


class _Snapshot(BaseModel):
    """What ``snapshot.json`` says. ``written`` is false while its writer is at work."""

    number: int = 0
    at: AwareDatetime
    written: bool = False


class BucketTarget:
    """Writes snapshots of the site below one prefix of one bucket."""

    def __init__(self, settings: WebsiteSettings) -> None:
        assert settings.bucket is not None
        self.name = f"the bucket {settings.bucket}"
        config: S3Config = {
            "bucket": settings.bucket,
            "region": settings.bucket_region,
            "virtual_hosted_style_request": settings.bucket_endpoint is None,
        }
        if settings.bucket_endpoint is not None:
            config["endpoint"] = settings.bucket_endpoint
        if settings.bucket_key_id is not None and settings.bucket_secret is not None:
            config["access_key_id"] = settings.bucket_key_id.get_secret_value()
            config["secret_access_key"] = settings.bucket_secret.get_secret_value()
        self._store = S3Store(
            prefix=settings.bucket_prefix or None,
            config=config,
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=settings.connect_timeout),
                "timeout": timedelta(seconds=settings.read_timeout),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
        )

    async def write(self, site: Site) -> None:
        """Put the whole snapshot there, unless a newer one is there already."""
        begun = False
        try:
            claim = await self._claim(site.number)
            if claim is None:
                return
            begun = True
            async with asyncio.timeout(TURN.total_seconds()):
                for file in site.files:
                    if file.path != SNAPSHOT:
                        await self._put(file)
            await self._replace(_Snapshot(number=site.number, at=_now(), written=True), claim)
        except PreconditionError:
            # A newer snapshot has begun, and it shows this publication too.
            return
        except (UnauthenticatedError, PermissionDeniedError):
            raise BadCredentials(
                f"Website: {self.name} refused our keys.",
                "Correct FRONTFOOT_WEBSITE_BUCKET_KEY_ID and _SECRET, and restart the worker.",
            ) from None
        except (BaseError, TimeoutError) as error:
            raise _failed(self.name, error, begun=begun) from None

    async def check(self) -> str:
        """Why it could not be written to now; "" if it could."""
        try:
            await self._read()
        except (BaseError, TimeoutError) as error:
            return f"{self.name} cannot be read ({type(error).__name__})"
        return ""

    async def _claim(self, number: int) -> str | None:
        """Take the turn; returns the tag of ``snapshot.json`` now, None if it is overtaken."""
        while True:
            there, tag = await self._read()
            if there is not None and there.number >= number:
                return None
            waits = there is not None and not there.written and _now() - there.at < TURN
            if waits:
                await asyncio.sleep(_AGAIN)
                continue
            try:
                return await self._replace(_Snapshot(number=number, at=_now()), tag)
            except (PreconditionError, AlreadyExistsError):
                await asyncio.sleep(_AGAIN)

    async def _read(self) -> tuple[_Snapshot | None, str | None]:
        try:
            found = await obstore.get_async(self._store, SNAPSHOT)
        except FileNotFoundError:
            return None, None
        tag = found.meta["e_tag"]
        data = await found.bytes_async()
        try:
            return _Snapshot.model_validate_json(bytes(data)), tag
        except ValidationError:
            # Somebody else's file: it is replaced by ours.
            return None, tag

    async def _replace(self, snapshot: _Snapshot, tag: str | None) -> str:
        put = await obstore.put_async(
            self._store,
            SNAPSHOT,
            snapshot.model_dump_json().encode(),
            attributes={"Content-Type": "application/json", "Cache-Control": "no-store"},
            mode="create" if tag is None else {"e_tag": tag},
        )
        return str(put["e_tag"])

    async def _put(self, file: SiteFile) -> None:
        await obstore.put_async(
            self._store,
            file.path,
            file.data,
            attributes={"Content-Type": file.media_type, "Cache-Control": file.cache_control},
        )


def _failed(name: str, error: Exception, *, begun: bool) -> Unreachable | OutcomeUnknown:
    what = f"Website: {name} could not be written to ({type(error).__name__})"
    if begun:
        return OutcomeUnknown(f"{what}; a part of the snapshot may be there.")
    return Unreachable(f"{what}; nothing of the snapshot is there.")


def _now() -> datetime:
    return datetime.now(UTC)
