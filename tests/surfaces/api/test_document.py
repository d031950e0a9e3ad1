"""The OpenAPI document: valid, complete, with examples that are what they are examples of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from client.engine import Engine
from client.file_imports.imports import FileImports
from domain.abilities import Ability
from domain.tokens import Scope
from settings import Settings
from surfaces.api.access import BASE, RULES
from surfaces.api.app import create_api
from surfaces.api.document import NAME_OTHERS, document_of
from tests.surfaces.api.conftest import Api

DOCS = Path(__file__).resolve().parents[3] / "docs" / "api.md"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    engine = Engine(Settings())
    return document_of(create_api(engine, FileImports(engine, Path())))


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path.removeprefix(BASE)}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


async def test_it_is_served_to_everybody(api: Api, document: dict[str, Any]) -> None:
    answer = await api.http.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.json()) == (200, document)


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_it_has_every_operation_with_a_name_and_its_failures(document: dict[str, Any]) -> None:
    found = operations(document)
    assert set(found) == set(RULES)
    names = [one["operationId"] for one in found.values()]
    assert len(set(names)) == len(names)
    for operation, one in found.items():
        answers = {int(status): answer for status, answer in one["responses"].items()}
        assert {401, 403, 422, 503} <= set(answers), operation
        names_one = "{" in operation or operation.endswith(NAME_OTHERS)
        assert (404 in answers) is names_one, operation
        if operation.startswith("POST"):
            assert {400, 409, 413, 504} <= set(answers), operation
            assert any(
                one["name"] == "Idempotency-Key" and one["required"] for one in one["parameters"]
            ), operation
        for status, answer in answers.items():
            if status >= 400:
                [media_type] = answer["content"]
                assert media_type == "application/problem+json", operation


def test_every_example_is_what_it_is_an_example_of(document: dict[str, Any]) -> None:
    found = 0
    for name, schema in document["components"]["schemas"].items():
        whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        for example in schema.get("examples", []):
            errors = [str(one) for one in Draft202012Validator(whole).iter_errors(example)]
            assert errors == [], (name, errors)
            found += 1
    assert found >= 20


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    for operation, one in operations(document).items():
        if "requestBody" not in one:
            continue
        [(media_type, content)] = one["requestBody"]["content"].items()
        if media_type == "text/csv":
            assert content["example"], operation
            continue
        name = content["schema"]["$ref"].rpartition("/")[2]
        assert document["components"]["schemas"][name]["examples"], operation


def test_the_table_of_the_docs_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+ /\S*)` \| (\S+|any token) \| (\S+) \|$", DOCS.read_text(), re.M)
    written = {
        operation: (scope.strip("`"), ability.strip("`")) for operation, scope, ability in rows
    }
    assert written == {
        operation: (rule.scope or "any token", rule.ability or "–")
        for operation, rule in RULES.items()
    }


def test_the_docs_have_every_scope_and_nothing_else_of_its_kind() -> None:
    text = DOCS.read_text()
    assert set(re.findall(r"^\| `(\w+:\w+)` \|", text, re.M)) == {one.value for one in Scope}
    assert all(f"`{one.value}`" in text for one in Ability if one is not Ability.ADMINISTRATE)


async def test_what_is_not_there_and_what_is_not_taken_is_said_in_words(api: Api) -> None:
    for path, method, status in (
        ("/api/v1/nothing", "GET", 404),
        ("/api/", "GET", 404),
        ("/api/v2/incidents", "GET", 404),
        ("/api/v1/incidents/", "GET", 404),
        ("/api/v1/incidents", "DELETE", 405),
    ):
        answer = await api.http.request(method, path)
        assert (answer.status_code, answer.json()["status"]) == (status, status), path
        assert answer.headers["content-type"] == "application/problem+json"
